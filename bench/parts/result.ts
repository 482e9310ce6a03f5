/** A table of what was measured: the cells are texts with their units. */
export interface Table {
  title: string;
  columns: string[];
  rows: string[][];
}

/** What one benchmark found. */
export interface Result {
  tables: Table[];
  /** What bounds the numbers, and what they do not say. */
  notes: string[];
  /** All samples, for those who want to compute something else of them. */
  raw: Record<string, unknown>;
}

/** Milliseconds for people: `850 ms`, `12.3 s`. */
export function time(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toFixed(2)} ms`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** Kilobytes for people. */
export function memory(kilobytes: number): string {
  return `${Math.round(kilobytes / 1024)} MB`;
}

/** Bytes for people: `850 B`, `12.3 kB`, `4.5 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

/** How many times `peer` is as long as `ours`: above 1 Windlass is quicker. */
export function ratio(peer: number, ours: number): string {
  return `${(peer / ours).toFixed(peer / ours < 10 ? 1 : 0)}x`;
}

/** Requests by verb: `list 9, get 2`. */
export function counts(byVerb: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(byVerb).sort(([, a], [, b]) => b - a);
  return sorted.length === 0 ? 'none' : sorted.map(([verb, count]) => `${verb} ${count}`).join(', ');
}

/** For the terminal. */
export function asText({ tables, notes }: Result): string {
  const shown = tables.map(({ title, columns, rows }) => {
    const all = [columns, ...rows];
    const widths = columns.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
    const lines = all.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
    return `${title}\n${lines.map((line) => `  ${line}`).join('\n')}`;
  });
  return [...shown, notes.map((note) => `  - ${note}`).join('\n')].filter(Boolean).join('\n\n');
}

/** For docs/benchmarks.md. */
export function asMarkdown({ tables, notes }: Result): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const shown = tables.map(({ title, columns, rows }) =>
    [`**${title}**`, '', row(columns), row(columns.map(() => '---')), ...rows.map(row)].join('\n'),
  );
  return [...shown, notes.map((note) => `- ${note}`).join('\n')].filter(Boolean).join('\n\n');
}
