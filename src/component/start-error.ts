/**
 * Why a command could not be started, from the system's error and a look at the file. Invariant: it names the path that was tried, so that a person need
 * not guess whether the command, its interpreter or the working directory is at fault.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { PolyboltError } from '../model/errors.js';
import type { ChildCommand } from './child.js';

export function explainStartError(error: NodeJS.ErrnoException, command: ChildCommand): PolyboltError {
  const name = command.argv[0] as string;
  const context = { command: command.argv.join(' '), cwd: command.cwd };
  if (!existsSync(command.cwd)) {
    return new PolyboltError('PB_COMPONENT_START_FAILED', {
      message: `the working directory ${command.cwd} does not exist`,
      hint: 'mend resources: or cwd: in the topology file',
      context,
    });
  }
  const path = findCommand(name, command);
  if (path === undefined) {
    return new PolyboltError('PB_COMPONENT_NOT_FOUND', {
      message: name.includes('/') ? `the command ${name} does not exist in ${command.cwd}` : `the command ${name} is not on the PATH`,
      hint: 'install it, or name it by its path; a program of the topology itself is written as [python3, my-bolt.py]',
      context: { ...context, path: command.env['PATH'] ?? '' },
      cause: error,
    });
  }
  const interpreter = interpreterOf(path);
  if (error.code === 'ENOENT' && interpreter !== undefined) {
    return new PolyboltError('PB_COMPONENT_NOT_FOUND', {
      message: `${path} asks for the interpreter ${interpreter}, which does not exist`,
      hint: 'install the interpreter or mend the first line of the script',
      context,
      cause: error,
    });
  }
  if (error.code === 'EACCES' || (statSync(path).mode & 0o111) === 0) {
    return new PolyboltError('PB_COMPONENT_NOT_EXECUTABLE', {
      message: `${path} is not executable (mode ${(statSync(path).mode & 0o777).toString(8)})`,
      hint: `run chmod +x ${name}, or start it by its interpreter`,
      context,
      cause: error,
    });
  }
  return new PolyboltError('PB_COMPONENT_START_FAILED', {
    message: `${path} could not be started: ${error.message}`,
    hint: error.code === 'ENOEXEC' ? 'a script needs a first line that names its interpreter' : 'run it by hand in that directory',
    context,
    cause: error,
  });
}

function findCommand(name: string, command: ChildCommand): string | undefined {
  if (name.includes('/')) {
    const path = isAbsolute(name) ? name : resolve(command.cwd, name);
    return existsSync(path) ? path : undefined;
  }
  const directories = (command.env['PATH'] ?? '').split(delimiter);
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** The interpreter on the first line of a script, if there is one. */
function interpreterOf(path: string): string | undefined {
  if (!statSync(path).isFile()) return undefined;
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined; // Not readable: there is no first line to be told about.
  }
  try {
    const head = Buffer.alloc(256);
    const bytes = readSync(file, head, 0, head.length, 0);
    return /^#!\s*(\S+)/.exec(head.toString('utf8', 0, bytes))?.[1];
  } finally {
    closeSync(file);
  }
}
