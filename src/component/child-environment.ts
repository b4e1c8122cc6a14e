/**
 * The environment of a child. Invariant: no secrets and nothing of ours get in; `PATH` of the component is appended, other keys replace (Storm:
 * utils/ShellProcess.java).
 */
import { delimiter } from 'node:path';

const SECRET_NAME = /PASSWORD|PASSWD|PASSPHRASE|_PWD$|SECRET|TOKEN|CREDENTIAL|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY/i;

/**
 * @param inherited the environment of this process
 * @param added `topology.environment` and the component's own, later ones win
 */
export function childEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  ...added: readonly Readonly<Record<string, string>>[]
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && !SECRET_NAME.test(name) && !name.startsWith('POLYBOLT_')) environment[name] = value;
  }
  for (const [name, value] of added.flatMap((more) => Object.entries(more))) {
    const before = environment[name];
    environment[name] = name === 'PATH' && before !== undefined ? `${before}${delimiter}${value}` : value;
  }
  return environment;
}

/** What may be inherited on a cluster. @param names allowed names; one that ends in `*` allows all that begin so */
export function allowedEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string | undefined> {
  const isAllowed = (name: string): boolean =>
    names.some((allowed) => (allowed.endsWith('*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => isAllowed(name)));
}
