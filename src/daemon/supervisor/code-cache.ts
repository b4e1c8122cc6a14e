/**
 * Where a supervisor has the code of topologies from. Invariant: a directory that it returns holds exactly the packed topology that the record names, checked, unpacked
 * and prepared.
 */
import type { TopologyRecord } from '../../model/cluster-records.js';

export interface CodeCache {
  /**
   * Directory of the checked, unpacked and prepared code: `topology.json` and `resources/`. Several calls for the same code make one download.
   * Throws PB_CODE_UNAVAILABLE, PB_PREPARE_FAILED and what `unpackTopology` throws.
   */
  fetch(record: TopologyRecord): Promise<string>;
  /** Removes code that is not among these SHA-256 sums. */
  retain(blobs: ReadonlySet<string>): Promise<void>;
}

/** For workers inside of the supervisor's own process: code does not travel. */
export const NO_CODE_CACHE: CodeCache = { fetch: async () => '', retain: async () => {} };
