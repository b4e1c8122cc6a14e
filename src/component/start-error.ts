/**
 * Why a command could not be started, from the system's error and a look at the file. Invariant: it names the path that was tried, so that a person need
 * not guess whether the command, its interpreter or the working directory is at fault.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { PolyboltError } from '../model/errors.js';
import type { ChildCommand } from './child.js';

/** The pipes of a component could not be made: nothing is known against its command. */
export function explainPipeError(error: unknown): PolyboltError {
  return new PolyboltError('PB_COMPONENT_START_FAILED', {
    message: `no pipes could be made for the component: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'pipes are made by mkfifo in the directory for temporary files: it needs the command, a place to write, and free file descriptors (ulimit -n)',
    cause: error,
  });
}

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
  if (statSync(path).isDirectory()) {
    return new PolyboltError('PB_COMPONENT_NOT_EXECUTABLE', {
      message: `${path} is a directory`,
      hint: 'name the program in it',
      context,
      cause: error,
    });
  }
  const firstLine = error.code === 'ENOENT' ? interpreterLine(path) : undefined;
  if (firstLine !== undefined) {
    const { interpreter, endsInReturn } = firstLine;
    return new PolyboltError('PB_COMPONENT_NOT_FOUND', {
      message: `${path} asks for the interpreter ${interpreter}${endsInReturn ? '\\r' : ''}, which does not exist`,
      hint: endsInReturn
        ? 'the first line of the script ends in CR LF: save it with bare line feeds'
        : 'install the interpreter or mend the first line of the script',
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

/** The interpreter on the first line of a script, if there is one, and whether a carriage return would be taken for a part of its name. */
function interpreterLine(path: string): { readonly interpreter: string; readonly endsInReturn: boolean } | undefined {
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
    const line = /^#![ \t]*([^ \t\r\n]+)(\r?)/.exec(head.toString('utf8', 0, bytes));
    return line === null ? undefined : { interpreter: line[1] as string, endsInReturn: line[2] !== '' };
  } finally {
    closeSync(file);
  }
}
