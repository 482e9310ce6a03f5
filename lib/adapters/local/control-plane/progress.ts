/** What goes on while a control plane is obtained or started; comes at least every few seconds. */
export interface Progress {
  /** Stable, for a caller that shows the steps apart. */
  step: 'wait' | 'download' | 'build' | 'start';
  /** One line for a person. */
  message: string;
  /** Between 0 and 1, where the end is known. */
  fraction?: number;
}

/** Takes progress; must not throw. */
export type OnProgress = (progress: Progress) => void;

/** `75 s` or `3 min 20 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Calls `tell` at once and then every two seconds until the work has ended, so that no long step is silent. */
export async function ticking<T>(tell: (elapsed: string) => void, work: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  tell(duration(0));
  const timer = setInterval(() => tell(duration(performance.now() - begin)), 2000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
