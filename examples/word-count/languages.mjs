// Which components of the word count this machine can run as they are, and what to run in place of the others. Invariant: with
// nothing but Node, every component has something to run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
/** The command that builds the component in Go. */
export const BUILD_GO = ['sh', [join(here, '..', 'go-component.sh'), '--build', join(here, 'count')]];

/** Component, language, what tells that it is there, and the variable's value where it is not. */
const COMPONENTS = [
  { component: 'sentences', language: 'Python', isThere: () => runs('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))']) },
  { component: 'filter', language: 'shell', isThere: () => runs('sh', ['-c', ':']) },
  { component: 'split', language: 'Ruby', isThere: () => runs('ruby', ['-e', 'exit RUBY_VERSION.to_i >= 3']) },
  { component: 'count', language: 'Go', isThere: () => runs(...BUILD_GO) },
];

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/**
 * @param {readonly string[]} [without] components to take for not runnable
 * @returns {{languages: {component: string, language: string}[], missing: string[], set: Record<string, string>}} what each component is written in;
 *   the languages that are not installed; the variables to set for it
 */
export function chooseLanguages(without = []) {
  const languages = [];
  const missing = [];
  const set = {};
  for (const { component, language, isThere } of COMPONENTS) {
    const isUsed = !without.includes(component) && isThere();
    languages.push({ component, language: isUsed ? language : 'JavaScript' });
    if (isUsed) continue;
    missing.push(language);
    set[component] = JSON.stringify(['node', join('node', `${component}.mjs`)]);
  }
  return { languages: [...languages, { component: 'report', language: 'TypeScript' }], missing, set };
}

/** Whether the component in Go has been compiled before; the first time takes a few seconds. */
export function goIsBuilt() {
  return existsSync(join(here, 'count', 'build', 'component'));
}
