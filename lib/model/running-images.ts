/** References that a report and the state of a sync name at most, the first ones by name; a list as long as this may have been cut. */
export const mostImages = 200;

/** An image reference that a sync runs: as its workloads have it by the last pull that applied everything. */
export interface RunningImage {
  ref: string;
  /** ISO 8601: when a pull first said so. */
  since: string;
}
