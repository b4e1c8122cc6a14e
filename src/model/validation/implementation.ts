/**
 * How components come to life: commands, modules, working directories. Invariant: every file that a topology names lies in its
 * resources directory, so that the topology can be shipped, and exists at the time of the check.
 */
import { isAbsolute, join, normalize } from 'node:path';
import type { ComponentDraft, Spot, ValidationPorts } from '../draft.js';
import { isJson } from './json.js';
import type { Report } from './report.js';

/** Reports a module that does not exist or cannot be shipped. */
export type CheckFile = (path: Spot<string>, what: string) => void;

/** @param resources absolute path; undefined when it does not exist, so that what should be in it is not looked for */
export function moduleCheck(resources: string | undefined, ports: ValidationPorts, report: Report): CheckFile {
  return ({ value, at }, what) => {
    if (isOutside(value))
      report(
        'PB_MODULE_MISSING',
        at,
        `${what}, ${value}, lies outside of the resources directory`,
        'move it inside: only that directory is shipped',
      );
    else if (resources !== undefined && !ports.exists(join(resources, value))) {
      report('PB_MODULE_MISSING', at, `${what}, ${value}, does not exist`, `looked for ${join(resources, value)}`);
    }
  };
}

export function checkImplementation(
  { id, implementation, environment }: ComponentDraft,
  resources: string | undefined,
  checkModule: CheckFile,
  ports: ValidationPorts,
  report: Report,
): void {
  if (implementation === undefined) return;
  const { value, at } = implementation;
  if (value.type === 'module') {
    checkModule({ value: value.path, at }, `the module of \`${id.value}\``);
    if (!isJson(value.args ?? []))
      report(
        'PB_TOPOLOGY_SHAPE',
        at,
        `the args of \`${id.value}\` are not JSON`,
        'a module is made anew in every worker; use inline for what cannot be written down',
      );
  }
  if (value.type !== 'shell') return;
  checkCommand({ value: value.command, at }, `the command of \`${id.value}\``, report);
  if (Object.entries(environment).some(([name, text]) => name === '' || name.includes('=') || `${name}${text}`.includes('\u0000'))) {
    report(
      'PB_NAME_INVALID',
      id.at,
      `the environment of \`${id.value}\` has a name that no environment can hold`,
      'names are not empty and hold no = and no NUL',
    );
  }
  if (value.cwd === undefined) return;
  if (isOutside(value.cwd)) {
    report(
      'PB_RESOURCES_MISSING',
      at,
      `the working directory of \`${id.value}\`, ${value.cwd}, lies outside of the resources directory`,
      'only that directory is shipped',
    );
  } else if (resources !== undefined && !ports.exists(join(resources, value.cwd))) {
    report(
      'PB_RESOURCES_MISSING',
      at,
      `the working directory of \`${id.value}\`, ${value.cwd}, does not exist`,
      `looked for ${join(resources, value.cwd)}`,
    );
  }
}

/** @param what the command is called in what is said of it */
export function checkCommand({ value, at }: Spot<unknown>, what: string, report: Report): void {
  if (!Array.isArray(value) || value.length === 0 || !value.every((part) => typeof part === 'string')) {
    report('PB_COMMAND_INVALID', at, `${what} must be a list of at least one text`, "['python3', 'split.py']");
  } else if (value[0] === '') report('PB_COMMAND_INVALID', at, `${what} begins with an empty text`, 'the first is the program');
  else if (value.some((part) => part.includes('\u0000'))) report('PB_COMMAND_INVALID', at, `${what} holds a NUL character`);
}

function isOutside(path: string): boolean {
  const normal = normalize(path);
  return isAbsolute(normal) || normal === '..' || normal.startsWith('../');
}
