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
