/** `plain`, in quotes, or a block (`|`, `>`). */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'block';

/** Where a scalar stands in the tree. */
export type Role = 'key' | 'value' | 'item' | 'document';

/** A scalar or an alias in the text. `start` and `end` are offsets in UTF-16 units; quotes are inside, anchor, tag and a block's first line outside. */
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
  /** Of a block's only line, where `start` and `end` are those of its text: the newlines that the value has behind it. */
  tail?: string;
}

/** `lines`: a text that is no YAML as a whole, of which single lines are read. */
export type TextFormat = 'yaml' | 'json' | 'lines';

/** A parsed file. */
export interface YamlText {
  text: string;
  format: TextFormat;
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
