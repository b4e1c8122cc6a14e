/**
 * Finds files of the project from compiled tests, wherever they were compiled to below the project.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function rootOf(folder: string): string {
  if (existsSync(join(folder, 'multilang', 'schema')) && existsSync(join(folder, 'test', 'fixtures'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no project above this test');
  return rootOf(parent);
}

export const projectRoot: string = rootOf(dirname(fileURLToPath(import.meta.url)));

export function readProjectFile(...path: readonly string[]): string {
  return readFileSync(join(projectRoot, ...path), 'utf8');
}
