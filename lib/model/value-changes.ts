/** One part of a value that is not as Git has it. */
export interface ValueChange {
  /** Within the value: `[name=blue].weight`; empty for an item of a list without names. */
  path: string;
  /** Absent where the cluster has no such part. */
  live?: unknown;
  /** Absent where Git has no such part. */
  git?: unknown;
}

/** Whether two parts that are neither maps nor lists mean the same; `path` is theirs within the value. */
export type IsSame = (git: unknown, live: unknown, path: string) => boolean;
type Fields = Record<string, unknown>;

const plainlySame: IsSame = (git, live) => git === live;

/**
 * In what two lists, two maps or two texts of many lines differ, item by item; undefined for any other values, and where they differ in order alone.
 * What is only written differently is left out, unless nothing else differs.
 */
export function valueChanges(git: unknown, live: unknown, meantSame: IsSame = plainlySame): ValueChange[] | undefined {
  const [one, other] = [partsOf(git), partsOf(live)];
  if (one === undefined || other === undefined || Array.isArray(one) !== Array.isArray(other)) return undefined;
  const found = changesIn('', one, other, meantSame);
  const all = found.length > 0 ? found : changesIn('', one, other, plainlySame);
  return all.length > 0 ? all : undefined;
}

function partsOf(value: unknown): readonly unknown[] | Fields | undefined {
  if (typeof value === 'string' && value.includes('\n')) return value.split('\n');
  return Array.isArray(value) || isMap(value) ? value : undefined;
}

function changesIn(path: string, git: unknown, live: unknown, isSame: IsSame): ValueChange[] {
  if (Array.isArray(git) && Array.isArray(live)) return ofLists(path, git, live, isSame);
  if (!isMap(git) || !isMap(live)) return isEqual(path, git, live, isSame) ? [] : [{ path, git, live }];
  const keys = [...new Set([...Object.keys(git), ...Object.keys(live)])].sort();
  return keys.flatMap((key) => ofPart(inside(path, key), partAt(git, key), partAt(live, key), isSame));
}

/** Items with names of their own are held against each other by name; others by what they are, and where as many remain, by their place. */
function ofLists(path: string, git: readonly unknown[], live: readonly unknown[], isSame: IsSame): ValueChange[] {
  const [one, other] = [byName(git), byName(live)];
  if (one !== undefined && other !== undefined) {
    const names = [...new Set([...one.keys(), ...other.keys()])];
    const partOf = (items: ReadonlyMap<string, unknown>, name: string) => (items.has(name) ? [items.get(name)] : []);
    return names.flatMap((name) => ofPart(`${path}[name=${name}]`, partOf(one, name), partOf(other, name), isSame));
  }
  const rest = [...live.entries()];
  const gone = [...git.entries()].filter(([, item]) => {
    const found = rest.findIndex(([, candidate]) => isEqual(path, item, candidate, isSame));
    if (found >= 0) rest.splice(found, 1);
    return found < 0;
  });
  const isChange = git.length === live.length && gone.every(([place], index) => rest[index]?.[0] === place);
  if (isChange) return gone.flatMap(([place, item]) => changesIn(`${path}[${place}]`, item, live[place], isSame));
  return [...gone.map(([, item]) => ({ path, git: item })), ...rest.map(([, item]) => ({ path, live: item }))];
}

/** A part that one of the two may lack: then its list is empty. */
function ofPart(path: string, git: unknown[], live: unknown[], isSame: IsSame): ValueChange[] {
  if (git.length === 0) return [{ path, live: live[0] }];
  if (live.length === 0) return [{ path, git: git[0] }];
  return changesIn(path, git[0], live[0], isSame);
}

function partAt(map: Fields, key: string): unknown[] {
  return Object.hasOwn(map, key) ? [map[key]] : [];
}

function isEqual(path: string, git: unknown, live: unknown, isSame: IsSame): boolean {
  if (Array.isArray(git) && Array.isArray(live))
    return git.length === live.length && git.every((item, index) => isEqual(path, item, live[index], isSame));
  if (isMap(git) && isMap(live)) return changesIn(path, git, live, isSame).length === 0;
  return isSame(git, live, path);
}

function byName(items: readonly unknown[]): Map<string, unknown> | undefined {
  const named = new Map<string, unknown>();
  for (const item of items) if (isMap(item) && typeof item['name'] === 'string') named.set(item['name'], item);
  return named.size === items.length ? named : undefined;
}

function inside(path: string, key: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
