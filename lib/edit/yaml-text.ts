import { readFast } from './yaml-fast.ts';
import { readTolerant } from './yaml-tolerant.ts';

/** `plain`, in quotes, or a block (`|`, `>`). */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'block';

/** Where a scalar stands in the tree. */
export type Role = 'key' | 'value' | 'item' | 'document';

/** A scalar or an alias in the text. `start` and `end` are offsets in UTF-16 units; quotes are inside, anchor and tag outside. */
export interface Spot {
  kind: 'scalar' | 'alias';
  role: Role;
  start: number;
  end: number;
  style: ScalarStyle;
  /** The explicit YAML tag as written, `!!str` or `!Sub`. */
  tag?: string;
  /** Its index in `shape`. */
  node: number;
}

/** A parsed file. */
export interface YamlText {
  text: string;
  /** The tree without its texts: one letter for each step of the parser. */
  shape: string;
  /** Every scalar that is not empty and every alias, in the order of the text. */
  spots: readonly Spot[];
  /** The text of a scalar as YAML reads it. */
  value(spot: Spot): string;
}

/** Why a text is not to be touched. */
export interface YamlRefusal {
  reason: string;
}

/**
 * Parses a YAML text. Gives a reason where it does not parse, repeats a key, or grows beyond measure through aliases.
 * The fast parser refuses a closing bracket that is not indented, which everybody writes and every Kubernetes tool reads: then the slower one is asked.
 */
export function readYaml(text: string): YamlText | YamlRefusal {
  const read = readFast(text);
  return 'reason' in read && read.reason.startsWith('deficient indentation') ? named(readTolerant(text)) : named(read);
}

function named(read: YamlText | YamlRefusal): YamlText | YamlRefusal {
  return 'reason' in read ? { reason: `the file does not parse: ${read.reason}` } : read;
}
