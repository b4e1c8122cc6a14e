/**
 * The findings of the probe of `conform-host`, read back. Invariant: nothing is concluded here; a report is the lines of each process, in the order in
 * which that process wrote them.
 */

/** A frame as the probe's JSON has it. */
export type Frame = Readonly<Record<string, unknown>> | readonly unknown[];

export interface ReportLine {
  readonly role: Role;
  /** Names the process. */
  readonly run: string;
  /** Place in the order of its process, from 1. */
  readonly n: number;
  /** On the monotonic clock of the machine. */
  readonly at_ms: number;
  /** With a message: who wrote it. */
  readonly dir?: 'host' | 'component';
  readonly frame?: Frame;
  /** Values and id of the frame as JSON text, exactly. */
  readonly exact?: { readonly tuple?: string; readonly id?: string };
  /** What is wrong with the bytes of a message of the host. */
  readonly form?: string;
  readonly event?: string;
  /** Whatever else the event tells. */
  readonly [fact: string]: unknown;
}

export type Role = 'spout' | 'bolt' | 'sink';
const ROLES: readonly unknown[] = ['spout', 'bolt', 'sink'];

/** One process of the probe, from its handshake to its end. */
export class Run {
  constructor(
    readonly role: Role,
    readonly lines: readonly ReportLine[],
  ) {}

  get handshake(): ReportLine | undefined {
    return this.fromHost.find(({ frame }) => frame !== undefined && 'context' in frame);
  }

  get fromHost(): readonly ReportLine[] {
    return this.lines.filter((line) => line.dir === 'host');
  }

  get fromComponent(): readonly ReportLine[] {
    return this.lines.filter((line) => line.dir === 'component');
  }

  /** Tuples, heartbeats and ticks. */
  get tuples(): readonly ReportLine[] {
    return this.fromHost.filter(({ frame }) => frame !== undefined && 'tuple' in frame);
  }

  /** Commands to a spout. */
  get commands(): readonly ReportLine[] {
    return this.fromHost.filter(({ frame }) => frame !== undefined && 'command' in frame);
  }

  /** Emits of the component. */
  get emits(): readonly ReportLine[] {
    return this.fromComponent.filter((line) => keyOf(line, 'command') === 'emit');
  }

  events(name: string): readonly ReportLine[] {
    return this.lines.filter((line) => line.event === name);
  }
}

export class Report {
  readonly runs: readonly Run[];

  constructor(lines: readonly ReportLine[]) {
    const byRun = new Map<string, ReportLine[]>();
    for (const line of lines) byRun.set(line.run, [...(byRun.get(line.run) ?? []), line]);
    this.runs = [...byRun.values()].map((own) => new Run((own[0] as ReportLine).role, own));
  }

  of(role: Role): readonly Run[] {
    return this.runs.filter((run) => run.role === role);
  }

  last(role: Role): Run | undefined {
    return this.of(role).at(-1);
  }
}

export function keyOf(line: ReportLine, key: string): unknown {
  return line.frame === undefined || Array.isArray(line.frame) ? undefined : (line.frame as Readonly<Record<string, unknown>>)[key];
}

/** The order that a tuple to one of the bolts carries, its first value. */
export function orderOf(line: ReportLine): unknown {
  const tuple = keyOf(line, 'tuple');
  return Array.isArray(tuple) ? tuple[0] : undefined;
}

/** Reads a report. Throws an Error that names the line that is none of a report's. */
export function parseReport(text: string): Report {
  const lines = text.split('\n').flatMap((source, index): ReportLine[] => {
    if (source.trim() === '') return [];
    try {
      const line = JSON.parse(source) as ReportLine;
      if (ROLES.includes(line.role) && typeof line.run === 'string') return [line];
    } catch {
      // Told below, with all other lines that are not the probe's.
    }
    throw new Error(`line ${index + 1} is no finding of the probe: ${source.slice(0, 80)}`);
  });
  return new Report(lines);
}
