import type { Role } from './yaml-text.ts';

/** With its aliases followed a file may have this many nodes; a person's file has a few thousand. */
const mostNodes = 1_000_000;

/** So deep may a file be nested. */
const mostLevels = 100;

/** A collection that is being read. */
interface Open {
  kind: 'document' | 'mapping' | 'sequence';
  /** The next child of a mapping is a key. */
  atKey: boolean;
  /** Nodes inside, aliases followed. */
  nodes: number;
  anchor?: string;
}

/** Follows a parser through a file: knows each node's role, and throws for an unknown alias or too many nodes. */
export class YamlTree {
  #open: Open[] = [];
  #sizes = new Map<string, number>();
  /** One letter for each step so far. */
  shape = '';

  openDocument(): void {
    this.#sizes = new Map();
    this.#open = [{ kind: 'document', atKey: false, nodes: 0 }];
    this.shape += 'D';
  }

  openMapping(anchor: string | undefined): void {
    this.#push({ kind: 'mapping', atKey: true, nodes: 1, anchor });
    this.shape += 'M';
  }

  openSequence(anchor: string | undefined): void {
    this.#push({ kind: 'sequence', atKey: false, nodes: 1, anchor });
    this.shape += 'S';
  }

  /** Ends the collection or document that was opened last. */
  close(): void {
    const done = this.#open.pop()!;
    this.#add(done.nodes, done.anchor);
    this.shape += '.';
  }

  scalar(anchor: string | undefined): Role {
    const role = this.#role();
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

  #push(open: Open): void {
    if (this.#open.length > mostLevels) throw new Error(`it is nested deeper than ${mostLevels} levels`);
    this.#open.push(open);
  }

  #role(): Role {
    const parent = this.#open.at(-1)!;
    if (parent.kind === 'document') return 'document';
    if (parent.kind === 'sequence') return 'item';
    return parent.atKey ? 'key' : 'value';
  }

  #add(nodes: number, anchor: string | undefined): void {
    if (anchor !== undefined) this.#sizes.set(anchor, nodes);
    const parent = this.#open.at(-1);
    if (parent === undefined) return;
    parent.nodes += nodes;
    parent.atKey = parent.kind === 'mapping' && !parent.atKey;
    if (parent.nodes > mostNodes) throw new Error(`its aliases make it larger than ${mostNodes} nodes`);
  }
}
