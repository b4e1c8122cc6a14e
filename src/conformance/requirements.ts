/** The requirements of spec/protocol.md as data. Invariant: loaded from multilang/requirements.json, never copied into code. */
import { readFileSync } from 'node:fs';

export interface Requirement {
  readonly id: string;
  readonly binds: 'host' | 'component' | 'both';
  readonly level: 'MUST' | 'SHOULD' | 'MAY';
  readonly text: string;
  readonly source: string;
}

/** The folder `multilang/` of this package. */
export const MULTILANG: URL = new URL('../../../multilang/', import.meta.url);

export function loadRequirements(): ReadonlyMap<string, Requirement> {
  const list = JSON.parse(readFileSync(new URL('requirements.json', MULTILANG), 'utf8')) as readonly Requirement[];
  return new Map(list.map((requirement) => [requirement.id, requirement]));
}
