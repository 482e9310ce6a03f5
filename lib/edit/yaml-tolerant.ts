import { isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, parseAllDocuments, type Scalar } from 'yaml';
import { messageOf } from '../model/errors.ts';
import type { ScalarStyle, Spot, YamlRefusal, YamlText } from './yaml-text.ts';
import { YamlTree } from './yaml-tree.ts';

/** Reads a text by the `yaml` package: a tenth as fast, and as tolerant of indentation in flow style as the parsers of Kubernetes' tools. */
export function readTolerant(text: string): YamlText | YamlRefusal {
  try {
    const documents = parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' });
    const reader = new Reader(text);
    for (const { contents, errors } of Array.isArray(documents) ? documents : []) {
      if (errors[0] !== undefined) return { reason: errors[0].message.split('\n')[0]!.replace(/:$/, '') };
      reader.document(contents);
    }
    const { shape } = reader.tree;
    const value = ({ node }: Spot) => reader.values.get(node) ?? '';
    return { text, format: 'yaml', shape, spots: reader.spots, value };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

class Reader {
  readonly tree = new YamlTree();
  readonly spots: Spot[] = [];
  readonly values = new Map<number, string>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  document(contents: ParsedNode | null): void {
    this.tree.openDocument();
    this.#node(contents);
    this.tree.close();
  }

  #node(node: Node | null): void {
    if (isMap(node)) {
      this.tree.openMapping(node.anchor);
      for (const { key, value } of node.items) {
        this.#node(key as Node | null);
        this.#node(value as Node | null);
      }
      this.tree.close();
    } else if (isSeq(node)) {
      this.tree.openSequence(node.anchor);
      for (const item of node.items) this.#node(item as Node | null);
      this.tree.close();
    } else this.#leaf(node);
  }

  #leaf(node: Node | null): void {
    const index = this.tree.shape.length;
    const [start, end] = node?.range ?? [0, 0];
    if (isAlias(node)) {
      const role = this.tree.alias(node.source);
      this.spots.push({ kind: 'alias', role, start, end, style: 'plain', node: index });
      return;
    }
    const scalar = isScalar(node) ? node : undefined;
    const role = this.tree.scalar(scalar?.anchor);
    this.values.set(index, String(scalar?.value ?? ''));
    if (scalar === undefined || start === end) return;
    const tag = tagBefore(this.#text, start, scalar);
    const style = styles[scalar.type!] ?? 'block';
    const from = style === 'block' ? behindFirstLine(this.#text, start, end) : start;
    this.spots.push({ kind: 'scalar', role, start: from, end, style, ...tag, node: index });
  }
}

const styles: Record<string, ScalarStyle> = { PLAIN: 'plain', QUOTE_SINGLE: 'single', QUOTE_DOUBLE: 'double' };

/** The parser counts a block from its `|` or `>` on. */
function behindFirstLine(text: string, start: number, end: number): number {
  const newline = text.indexOf('\n', start);
  return newline < 0 ? end : Math.min(newline + 1, end);
}

/** The tag as written: the parser gives only what it stands for. */
function tagBefore(text: string, start: number, scalar: Scalar): { tag?: string } {
  if (scalar.tag === undefined) return {};
  const written = /(![^\s]*)\s+(?:&\S+\s+)?$/.exec(text.slice(Math.max(0, start - 1000), start));
  return { tag: written?.[1] ?? scalar.tag };
}
