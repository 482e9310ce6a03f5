import { readdirSync, readFileSync } from 'node:fs';

/** What anybody with this user's rights can read of the processes below this one: their arguments and environment. Linux only. */
export function visibleOfChildren(): string[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = /\) \w (\d+)/.exec(readOf(`/proc/${name}/stat`))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === process.pid || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()]
    .filter(isBelow)
    .map((pid) => `${readOf(`/proc/${pid}/cmdline`)}\n${readOf(`/proc/${pid}/environ`)}`.replaceAll('\0', ' '));
}

/** A process may end while it is looked at. */
function readOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
