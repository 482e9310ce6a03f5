import { createHash } from 'node:crypto';

/** One entry of a tree. */
export interface TreeItem {
  name: string;
  /** As git writes it: `100644`, `100755`, `120000`, `40000` or `160000`. */
  mode: string;
  oid: string;
}

/** Who made a commit, and when (whole seconds since 1970). */
export interface Signature {
  name: string;
  email: string;
  seconds: number;
}

/** A commit. */
export interface Commit {
  oid: string;
  tree: string;
  parents: string[];
  author: Signature;
  committer: Signature;
  message: string;
  /** What the host signed itself: GitHub shows such a commit as verified. */
  verified: boolean;
}

/** What a path is at a commit. */
export interface Found {
  mode: string;
  oid: string;
}

/** A change of one path: undefined takes it away. */
export type TreeChange = [path: string, to: Found | undefined];

/** Blobs, trees and commits under the names that git gives them. */
export interface Objects {
  readonly blobs: Map<string, Uint8Array>;
  readonly trees: Map<string, TreeItem[]>;
  readonly commits: Map<string, Commit>;
  addBlob(bytes: Uint8Array): string;
  addTree(items: TreeItem[]): string;
  addCommit(commit: Omit<Commit, 'oid'>): Commit;
  /** Writes only the trees above what changes. Throws when a path leads through a file. */
  changeTree(root: string, changes: readonly TreeChange[]): string;
  lookUp(root: string, path: string): Found | undefined;
  /** All entries but trees below a tree, in git's order. */
  walk(root: string): { path: string; mode: string; oid: string }[];
  /** Paths that differ between two trees, with both sides; equal subtrees are not entered. */
  compare(before: string, after: string): { path: string; before?: Found; after?: Found }[];
}

/** The empty tree: git knows it without having it. */
export const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Mode of a directory. */
export const treeMode = '40000';

/** A store of git objects in memory, with real hashes (SHA-1 over type, length and content). */
export function createObjects(): Objects {
  const blobs = new Map<string, Uint8Array>();
  const trees = new Map<string, TreeItem[]>([[emptyTree, []]]);
  const commits = new Map<string, Commit>();

  const itemsOf = (oid: string): TreeItem[] => {
    const items = trees.get(oid);
    if (items === undefined) throw new Error(`there is no tree ${oid}`);
    return items;
  };

  const addTree = (items: TreeItem[]): string => {
    const sorted = [...items].sort((a, b) => Buffer.compare(sortKey(a), sortKey(b)));
    const oid = hashOf('tree', treeBytes(sorted));
    trees.set(oid, sorted);
    return oid;
  };

  const changeTree = (root: string, changes: readonly TreeChange[]): string => {
    const items = new Map(itemsOf(root).map((item) => [item.name, item]));
    const below = new Map<string, TreeChange[]>();
    for (const [path, to] of changes) {
      const slash = path.indexOf('/');
      if (slash < 0) {
        if (to === undefined) items.delete(path);
        else items.set(path, { name: path, ...to });
        continue;
      }
      const name = path.slice(0, slash);
      const list = below.get(name) ?? [];
      list.push([path.slice(slash + 1), to]);
      below.set(name, list);
    }
    for (const [name, list] of below) {
      const there = items.get(name);
      if (there !== undefined && there.mode !== treeMode) {
        if (list.every(([, to]) => to === undefined)) continue;
        throw new Error(`${name} is a file and a directory`);
      }
      const oid = changeTree(there?.oid ?? emptyTree, list);
      if (itemsOf(oid).length === 0) items.delete(name);
      else items.set(name, { name, mode: treeMode, oid });
    }
    return addTree([...items.values()]);
  };

  const lookUp = (root: string, path: string): Found | undefined => {
    let at: Found = { mode: treeMode, oid: root };
    for (const part of path.split('/').filter((each) => each !== '')) {
      if (at.mode !== treeMode) return undefined;
      const item = itemsOf(at.oid).find(({ name }) => name === part);
      if (item === undefined) return undefined;
      at = { mode: item.mode, oid: item.oid };
    }
    return at;
  };

  const walk = (root: string, prefix = ''): { path: string; mode: string; oid: string }[] =>
    itemsOf(root).flatMap(({ name, mode, oid }) =>
      mode === treeMode ? walk(oid, `${prefix}${name}/`) : [{ path: `${prefix}${name}`, mode, oid }],
    );

  const compare = (before: string, after: string, prefix = ''): ReturnType<Objects['compare']> => {
    if (before === after) return [];
    const old = new Map(itemsOf(before).map((item) => [item.name, item]));
    const now = new Map(itemsOf(after).map((item) => [item.name, item]));
    return [...new Set([...old.keys(), ...now.keys()])].sort(byteOrder).flatMap((name) => {
      const [a, b] = [old.get(name), now.get(name)];
      if (a?.oid === b?.oid && a?.mode === b?.mode) return [];
      const path = `${prefix}${name}`;
      const [treeA, treeB] = [a?.mode === treeMode, b?.mode === treeMode];
      const inner = treeA || treeB ? compare(treeA ? a!.oid : emptyTree, treeB ? b!.oid : emptyTree, `${path}/`) : [];
      const [fileA, fileB] = [treeA ? undefined : a, treeB ? undefined : b];
      if (fileA === undefined && fileB === undefined) return inner;
      return [{ path, before: found(fileA), after: found(fileB) }, ...inner];
    });
  };

  return {
    blobs,
    trees,
    commits,
    addBlob: (bytes) => {
      const oid = hashOf('blob', bytes);
      if (!blobs.has(oid)) blobs.set(oid, bytes);
      return oid;
    },
    addTree,
    addCommit: (parts) => {
      const commit = { ...parts, oid: hashOf('commit', commitBytes(parts)) };
      commits.set(commit.oid, commit);
      return commit;
    },
    changeTree,
    lookUp,
    walk,
    compare,
  };
}

/** Whole seconds since 1970, as git keeps a time. */
export function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}

/** The content of a tree object. */
export function treeBytes(items: readonly TreeItem[]): Uint8Array {
  return Buffer.concat(
    items.flatMap(({ mode, name, oid }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
  );
}

/** The content of a commit object. The signature is left out: nothing here could verify one. */
export function commitBytes(commit: Omit<Commit, 'oid'>): Uint8Array {
  const who = ({ name, email, seconds }: Signature) => `${name} <${email}> ${seconds} +0000`;
  return Buffer.from(
    [
      `tree ${commit.tree}`,
      ...commit.parents.map((parent) => `parent ${parent}`),
      `author ${who(commit.author)}`,
      `committer ${who(commit.committer)}`,
      '',
      commit.message,
    ].join('\n'),
  );
}

function hashOf(type: string, content: Uint8Array): string {
  return createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
}

function found(item: TreeItem | undefined): Found | undefined {
  return item === undefined ? undefined : { mode: item.mode, oid: item.oid };
}

/** Git sorts a directory as if its name ended in a slash. */
function sortKey(item: TreeItem): Buffer {
  return Buffer.from(item.mode === treeMode ? `${item.name}/` : item.name);
}

function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
