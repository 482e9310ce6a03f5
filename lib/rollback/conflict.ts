/** A place that cannot go back, and why. */
export interface Conflict {
  file: string;
  line?: number;
  reason: string;
}
