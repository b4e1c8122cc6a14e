/**
 * Module hooks for a topology's modules: strips the types of TypeScript, and loads a module that has changed on disk again, together with the modules of the topology that it
 * imports. Invariant: positions in traces stay those of the source; what lies in `node_modules` is loaded once.
 */
import { readFile } from 'node:fs/promises';
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/wasm-typescript';

/** The part of a module's URL that tells one reading of its file from another. */
const REVISION = 'polybolt-revision';

/** A relative import of a module that was asked for by revision is of the same revision. */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const result = await nextResolve(specifier, context);
  const revision = context.parentURL?.startsWith('file:') ? new URL(context.parentURL).searchParams.get(REVISION) : null;
  if (revision === null || !/^\.{1,2}\//.test(specifier) || !result.url.startsWith('file:')) return result;
  const url = new URL(result.url);
  url.searchParams.set(REVISION, revision);
  return { ...result, url: url.href };
};

export const load: LoadHook = async (url, context, nextLoad) => {
  if (!/^file:[^?]*\.m?ts(?:\?|$)/.test(url)) return nextLoad(url, context);
  const source = await readFile(fileURLToPath(url), 'utf8');
  const { code } = transformSync(source, { mode: 'strip-only' });
  return { format: 'module', source: code, shortCircuit: true };
};
