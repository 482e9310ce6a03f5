import { readdir, readFile } from 'node:fs/promises';
import { readObjects } from '../../lib/desired/yaml.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

/** Which corpus. */
export interface CorpusOptions {
  /** Stands in the name of each namespace, cluster-scoped object and API group: with two prefixes the corpus fits twice into one cluster. A DNS label. */
  prefix?: string;
  /** Files to leave out. `metrics-api.yaml` registers an API that nobody serves: then no namespace of that cluster can be deleted. */
  without?: string[];
}

const folder = new URL('../fixtures/corpus/', import.meta.url);

/**
 * The corpus: manifests as teams and charts write them, by file name, to be committed into a config repo.
 * `CORPUS` in the files is replaced by the prefix, `NODEPORT` by a port of that prefix.
 */
export async function corpusFiles(options: CorpusOptions = {}): Promise<Record<string, string>> {
  const { prefix = 'corpus', without = [] } = options;
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml') && !without.includes(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  return Object.fromEntries(
    names.map((name, i) => [
      name,
      texts[i]!.replaceAll('CORPUS', prefix).replaceAll('NODEPORT', String(nodePort(prefix))),
    ]),
  );
}

/** The objects of the corpus as Git has them, in the order of the files. Throws when a file is not valid. */
export async function corpusObjects(options: CorpusOptions = {}): Promise<KubeObject[]> {
  const files = await corpusFiles(options);
  return Object.entries(files).flatMap(([name, text]) => {
    const { objects, problems } = readObjects(text, name);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    return objects.map(({ object }) => object);
  });
}

/** In the part of the range that the API server keeps for ports that somebody asks for. */
function nodePort(prefix: string): number {
  const sum = [...prefix].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % 86, 0);
  return 30_000 + sum;
}
