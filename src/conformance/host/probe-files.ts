/** The probe as files for a host to run. Invariant: what is written is all that the run needs but python3, and names where its findings go. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MULTILANG } from '../requirements.js';

export interface ProbeFile {
  readonly name: string;
  readonly text: string;
}

/** @param directory absolute; the findings of a run go there too */
export function probeFiles(directory: string): readonly ProbeFile[] {
  const template = readProbeFile('topology.yaml');
  const topology = (serializer: 'json' | 'msgpack'): string =>
    template.replaceAll('SERIALIZER', serializer).replaceAll('REPORT', JSON.stringify(reportPath(directory, serializer)));
  return [
    { name: 'probe.py', text: readProbeFile('probe.py') },
    { name: 'topology.yaml', text: topology('json') },
    // Storm takes its serializer from topology.multilang.serializer, a class; this key is Polybolt's.
    {
      name: 'topology-msgpack.yaml',
      text: topology('msgpack').replaceAll(/^ {4}parallelism: 1$/gm, '    parallelism: 1\n    serializer: msgpack'),
    },
  ];
}

/** Where a run with this serializer leaves its findings. */
export function reportPath(directory: string, serializer: 'json' | 'msgpack'): string {
  return join(directory, `report-${serializer}.ndjson`);
}

function readProbeFile(name: string): string {
  return readFileSync(new URL(`probe/${name}`, MULTILANG), 'utf8');
}
