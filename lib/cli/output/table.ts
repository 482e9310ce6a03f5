/** Pads rows into columns, two spaces apart; the last column is not padded. Colours must be put on after, or by `paint`. */
export function table(
  rows: string[][],
  paint: (cell: string, column: number, row: number) => string = (cell) => cell,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map((row, index) =>
      row
        .map((cell, column) => {
          const padding = column === row.length - 1 ? '' : ' '.repeat(widths[column]! - cell.length);
          return paint(cell, column, index) + padding;
        })
        .join('  '),
    )
    .join('\n');
}
