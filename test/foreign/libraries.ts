/**
 * Lays the component files of this folder out beside a library: Storm's own, or our drop-in of the same name. Invariant: neither a component file nor a
 * library is changed, and nothing of others lies in this tree.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { projectRoot } from '../model/project-files.js';

export type Library = 'storm' | 'drop-in';

/** What `scripts/foreign-libraries.mjs` provides: the directory of storm.py, storm.rb and storm.js, and an interpreter that can import pystorm and streamparse. */
type Foreign = 'storm' | 'python';

let found: Readonly<Partial<Record<Foreign, string>>> | undefined;

/** Where the libraries of others are; fetched first where `npm test` has not done so. */
export function foreignLibrary(wanted: Foreign): string {
  if (found === undefined) {
    const script = join(projectRoot, 'scripts', 'foreign-libraries.mjs');
    const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    process.stderr.write(stderr);
    found = JSON.parse(stdout) as Readonly<Partial<Record<Foreign, string>>>;
  }
  const place = found[wanted];
  if (place === undefined) throw new Error(`the foreign library "${wanted}" could not be had: see above`);
  return place;
}

/** A fresh directory with the component files and, beside them, the library. */
export function stage(t: Test, library?: Library): string {
  const folder = t.testdir();
  cpSync(join(projectRoot, 'test', 'foreign', 'components'), folder, { recursive: true });
  // What is required as './storm' is CommonJS, whatever a package.json further up says.
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
  if (library === 'storm')
    for (const file of ['storm.py', 'storm.rb', 'storm.js']) cpSync(join(foreignLibrary('storm'), file), join(folder, file));
  if (library === 'drop-in') {
    const adapters = join(projectRoot, 'adapters');
    for (const file of ['storm.py', 'polybolt']) cpSync(join(adapters, 'python', file), join(folder, file), { recursive: true });
    cpSync(join(adapters, 'ruby', 'lib'), folder, { recursive: true });
    cpSync(join(adapters, 'node', 'storm.js'), join(folder, 'storm.js'));
  }
  return folder;
}
