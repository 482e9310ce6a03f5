import { type Finding, type PartName, partNames, type Said, unchecked } from './finding.ts';

/** What a part does. */
export type Part = () => Promise<Said[]>;

/** How long parts may take, and what ends them. */
export interface PartLimits {
  /** Milliseconds for each part: one that hangs keeps no other from being told. */
  timeout: number;
  signal: AbortSignal;
}

/** Runs all parts at once and gives their findings in the order of the parts, each as soon as it and those before it are there. */
export async function* runParts(
  parts: Partial<Record<PartName, Part>>,
  limits: PartLimits,
): AsyncGenerator<Finding[], void> {
  const names = partNames.filter((name) => parts[name] !== undefined);
  const running = names.map((name) => ({ name, findings: inTime(name, parts[name]!, limits) }));
  // One that fails for a bug is told in its turn.
  for (const { findings } of running) findings.catch(() => undefined);
  for (const { name, findings } of running) yield (await findings).map((said) => ({ part: name, ...said }));
}

async function inTime(name: PartName, part: Part, { timeout, signal }: PartLimits): Promise<Said[]> {
  const { promise, resolve } = Promise.withResolvers<Said[]>();
  const stop = () => resolve([unchecked(name, 'it was stopped before it had an answer')]);
  const late = () =>
    resolve([
      unchecked(
        name,
        `it had no whole answer after ${timeout / 1000} s`,
        'give it longer with --wait, or look at why it hangs',
      ),
    ]);
  const timer = setTimeout(late, timeout);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([part(), promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
