import { seeded } from '../../bench/parts/numbers.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

type Path = (string | number)[];

const spoil: Record<string, (value: unknown) => unknown> = {
  'a number': () => 7,
  'a string': () => 'text',
  'a string of digits': () => '7',
  'a boolean': () => true,
  'a list': (value) => [value],
  'a map': (value) => ({ inner: value }),
  decimals: () => 1.5,
  null: () => null,
};

/** Copies of an object with one mistake each: a key misspelt or of nowhere, or a value of another type; always the same ones for a seed. */
export function broken(object: KubeObject, seed: number, count: number): { what: string; object: KubeObject }[] {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const paths = pathsOf(object).filter(
    ([first, second]) => first !== 'apiVersion' && first !== 'kind' && !isName(first, second),
  );
  return Array.from({ length: count }, () => {
    const path = pick(paths);
    const copy = structuredClone(object);
    const holder = path.slice(0, -1).reduce((at, step) => (at as never)[step], copy as unknown) as Record<
      string | number,
      unknown
    >;
    const last = path.at(-1)!;
    if (typeof last === 'string' && random() < 0.4) {
      const misspelt = random() < 0.5 ? `${last}s` : `${last.slice(1)}${last[0]}`;
      holder[misspelt] = holder[last];
      delete holder[last];
      return { what: `${path.join('.')} is named ${misspelt}`, object: copy };
    }
    const name = pick(Object.keys(spoil));
    holder[last] = spoil[name]!(holder[last]);
    return { what: `${path.join('.')} is ${name}`, object: copy };
  });
}

function isName(first?: string | number, second?: string | number): boolean {
  return first === 'metadata' && (second === 'name' || second === 'namespace' || second === undefined);
}

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = [...at, Array.isArray(value) ? Number(key) : key];
    return [path, ...pathsOf(inner, path)];
  });
}
