import { readdir, readFile, readlink } from 'node:fs/promises';

/** A process and all that it has started and that still runs, by their ids. Linux alone. */
async function familyOf(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const entry of await readdir('/proc')) {
    const stat = /^\d+$/.test(entry) && (await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => undefined));
    if (!stat) continue;
    // The name stands in brackets, and may hold anything.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const family = [pid];
  for (const member of family) family.push(...(children.get(member) ?? []));
  return family;
}

/** The state LISTEN of proc(5). */
const listening = '0A';

/** The local addresses that a process and its children listen on by TCP, as /proc/net/tcp writes them. Linux alone; empty for one that has ended. */
export async function listeningSockets(pid: number): Promise<string[]> {
  const found = await Promise.all((await familyOf(pid)).map(listeningOf));
  return found.flat();
}

async function listeningOf(pid: number): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      return state === listening && inode !== undefined && inodes.has(inode) ? [local!] : [];
    }),
  );
}
