/** The figures of a run and how they are shown. Invariant: a figure that has a limit is shown beside it, with a mark that says whether it was met. */

export interface Figure {
  readonly benchmark: string;
  readonly name: string;
  /** NaN where it could not be measured; `note` says why. */
  readonly value: number;
  readonly unit: string;
  readonly limit?: { readonly kind: 'at least' | 'at most'; readonly value: number };
  /** CPU seconds of the host and of the child for a million tuples. */
  readonly hostCpuSecs?: number;
  readonly childCpuSecs?: number;
  readonly note?: string;
}

export type Mark = 'ok' | 'MISSED' | '';

export function markOf({ value, limit }: Figure): Mark {
  if (limit === undefined || Number.isNaN(value)) return '';
  return (limit.kind === 'at least' ? value >= limit.value : value <= limit.value) ? 'ok' : 'MISSED';
}

const HEADINGS = ['benchmark', 'figure', 'value', 'unit', 'limit', 'mark', 'host CPU', 'child CPU', 'note'];
const RIGHT_ALIGNED: ReadonlySet<number> = new Set([2, 4, 6, 7]);

/** One table; CPU is in seconds for a million tuples. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figures.map(rowOf)];
  const widths = HEADINGS.map((_heading, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (RIGHT_ALIGNED.has(column) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.join('\n');
}

function rowOf(figure: Figure): string[] {
  const { benchmark, name, value, unit, limit, hostCpuSecs, childCpuSecs, note } = figure;
  const sign = limit?.kind === 'at least' ? '≥' : '≤';
  return [
    benchmark,
    name,
    Number.isNaN(value) ? 'not available' : shown(value),
    unit,
    limit === undefined ? '' : `${sign} ${shown(limit.value)}`,
    markOf(figure),
    seconds(hostCpuSecs),
    seconds(childCpuSecs),
    note ?? '',
  ];
}

function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, digits === 0 ? ',' : '');
}

function seconds(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '' : `${value.toFixed(2)} s`;
}
