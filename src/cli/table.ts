/** Tables for people. Invariant: columns line up whatever is in them, and no line ends with spaces. */
import pc from 'picocolors';

export interface Column {
  readonly title: string;
  /** Numbers line up at their ends. */
  readonly isNumber?: boolean;
}

/** A line of titles and one for each row. */
export function tableOf(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...rows.map((row) => (row[index] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ isNumber }, index) => {
        const cell = cells[index] ?? '';
        return isNumber === true ? cell.padStart(widths[index] as number) : cell.padEnd(widths[index] as number);
      })
      .join('  ')
      .trimEnd();
  return [pc.bold(line(columns.map(({ title }) => title))), ...rows.map(line)];
}

/** 4000 as 4,000. */
export function number(value: number): string {
  return value.toLocaleString('en');
}

/** `3 d 4 h`, `5 min 2 s`: the two largest units. */
export function timeSpan(seconds: number): string {
  const units: readonly (readonly [name: string, seconds: number])[] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return '0 s';
  let rest = Math.floor(seconds);
  const parts = units.slice(first, first + 2).map(([name, size]) => {
    const value = Math.floor(rest / size);
    rest -= value * size;
    return value === 0 ? '' : `${value} ${name}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}
