import type { Role } from './yaml-text.ts';

/** With its aliases followed a file may have this many nodes; a person's file has a few thousand. */
const mostNodes = 1_000_000;

/** A collection that is being read. */
interface Open {
  /** Keys of a mapping so far; undefined for a sequence or a document. */
  keys?: Set<string>;
  /** The next child of a mapping is a key. */
  atKey: boolean;
  /** Nodes inside, aliases followed. */
  nodes: number;
  anchor?: string;
}

/** Follows a parser through a file: knows each node's role, and throws for a repeated key, an unknown alias, or too many nodes. */
export class YamlTree {
  #open: Open[] = [];
  #sizes = new Map<string, number>();
  /** One letter for each step so far. */
  shape = '';

  openDocument(): void {
    this.#sizes = new Map();
    this.#open = [{ atKey: false, nodes: 0 }];
    this.shape += 'D';
  }

  openMapping(anchor: string | undefined): void {
    this.#open.push({ keys: new Set(), atKey: true, nodes: 1, anchor });
    this.shape += 'M';
  }

  openSequence(anchor: string | undefined): void {
    this.#open.push({ atKey: false, nodes: 1, anchor });
    this.shape += 'S';
  }

  /** Ends the collection or document that was opened last. */
  close(): void {
    const done = this.#open.pop()!;
    this.#add(done.nodes, done.anchor);
    this.shape += '.';
  }

  /** Takes a scalar; `key` gives its text, and is asked only where the scalar is a key. */
  scalar(key: () => string, anchor: string | undefined): Role {
    const role = this.#role();
    if (role === 'key') this.#refuseTwice(key());
    this.#add(1, anchor);
    this.shape += 's';
    return role;
  }

  alias(name: string): Role {
    const size = this.#sizes.get(name);
    if (size === undefined) throw new Error(`the alias *${name} has no anchor before it`);
    const role = this.#role();
    this.#add(size, undefined);
    this.shape += 'a';
    return role;
  }

  #role(): Role {
    const parent = this.#open.at(-1)!;
    if (this.#open.length === 1) return 'document';
    if (parent.keys === undefined) return 'item';
    return parent.atKey ? 'key' : 'value';
  }

  /** A key that stands twice makes the file a broken one for other readers. Merge keys may be repeated. */
  #refuseTwice(key: string): void {
    const keys = this.#open.at(-1)!.keys!;
    if (keys.has(key) && key !== '<<') throw new Error(`the key "${key}" stands twice in one mapping`);
    keys.add(key);
  }

  #add(nodes: number, anchor: string | undefined): void {
    if (anchor !== undefined) this.#sizes.set(anchor, nodes);
    const parent = this.#open.at(-1);
    if (parent === undefined) return;
    parent.nodes += nodes;
    parent.atKey = parent.keys !== undefined && !parent.atKey;
    if (parent.nodes > mostNodes) throw new Error(`its aliases make it larger than ${mostNodes} nodes`);
  }
}
