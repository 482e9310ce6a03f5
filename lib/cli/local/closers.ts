/** What has to be undone at the end, the last one first. One that waits for a part that is still starting adds what that part has to undo. */
export type Closers = (() => Promise<unknown>)[];
