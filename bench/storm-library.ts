/**
 * Storm's own storm.py, for comparison. Invariant: it is never part of this project: it comes from a directory that the user names, or from Storm's Maven
 * artifact through Maven's ordinary client into the user's cache; where neither is to be had, what needs it is not available.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const VERSION = '2.8.2';
const ARTIFACT = `org.apache.storm:multilang-python:${VERSION}`;

/** The directory that holds storm.py, or why there is none. Set POLYBOLT_STORM_LIBS to a directory that has it, by itself or under `resources`. */
export function stormLibrary(): { readonly directory: string; readonly version: string } | { readonly why: string } {
  const named = process.env['POLYBOLT_STORM_LIBS'];
  if (named !== undefined && named !== '') {
    const found = [named, join(named, 'resources')].find((directory) => existsSync(join(directory, 'storm.py')));
    return found === undefined
      ? { why: `no storm.py in ${named} (POLYBOLT_STORM_LIBS)` }
      : { directory: found, version: 'POLYBOLT_STORM_LIBS' };
  }
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'polybolt', `storm-${VERSION}`);
  const directory = join(cache, 'resources');
  if (!existsSync(join(directory, 'storm.py'))) {
    const why = fetchInto(cache);
    if (why !== undefined) return { why };
  }
  return { directory, version: VERSION };
}

/** Returns why it could not be had. What is half done never stands under the final name. */
function fetchInto(cache: string): string | undefined {
  console.error(`polybolt: fetching ${ARTIFACT} with mvn into ${cache}`);
  mkdirSync(join(cache, '..'), { recursive: true });
  const work = mkdtempSync(`${cache}-`);
  try {
    const copied = spawnSync('mvn', ['-q', '-B', '-ntp', 'dependency:copy', `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${work}`], {
      cwd: work,
      stdio: 'ignore',
      timeout: 120_000,
    });
    if (copied.error !== undefined) return 'no mvn; POLYBOLT_STORM_LIBS may name a directory with storm.py';
    const jar = join(work, `multilang-python-${VERSION}.jar`);
    if (copied.status !== 0 || !existsSync(jar))
      return `mvn could not fetch ${ARTIFACT}; POLYBOLT_STORM_LIBS may name a directory with storm.py`;
    if (spawnSync('python3', ['-m', 'zipfile', '-e', jar, work], { stdio: 'ignore' }).status !== 0)
      return 'python3 could not unpack the artifact';
    rmSync(cache, { recursive: true, force: true });
    renameSync(work, cache);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
