/** Columns that a line may have: those of the terminal (80 where it does not say). Into a pipe nothing is cut. */
export function widthOf(stdout: { isTTY?: boolean; columns?: number }): number {
  return stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
}
