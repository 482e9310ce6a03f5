import { imagesOfKustomization, imagesOfManifest, type WrittenImage } from '../../edit/find-images.ts';
import { findMarkers } from '../../edit/find-markers.ts';
import { readJson } from '../../edit/read-json.ts';
import { readYaml } from '../../edit/read-yaml.ts';
import type { SourceFile } from '../../edit/source-file.ts';
import type { YamlText } from '../../edit/yaml-text.ts';
import { each } from '../../model/each.ts';
import { isWithin } from '../../model/tree-path.ts';
import type { PolicyRule } from '../../policy/propose.ts';
import { isFluxItself } from './steering.ts';
import { isKustomization, type Survey } from './survey.ts';
import type { ProposedSync } from './syncs.ts';

/** An image that a file names. */
export interface ImagePlace {
  file: ReadFile;
  image: WrittenImage;
  /** The markers that it has already. */
  policies: string[];
  /** The environments that read the file. */
  environments: string[];
}

/** A file with images in it. */
export interface ReadFile extends SourceFile {
  yaml: YamlText;
}

/** An entry of `images`, with the places that belong to it. */
export interface ProposedImage {
  name: string;
  image: string;
  rule: PolicyRule;
  /** What was guessed from what: `versions 1.x, as 1.4.2`. */
  words: string;
  /** Those that have no marker yet. */
  places: ImagePlace[];
  /** Where a marker names the policy, which nothing defines yet: the name is kept. */
  isNamed: boolean;
  /** The environments of all its places. */
  environments: string[];
}

/** Finds the images of all that syncs are made of, also of those that stand there as a comment. */
export async function imagePlaces(survey: Survey, syncs: readonly ProposedSync[]): Promise<ImagePlace[]> {
  const readers = await readersOf(survey, syncs);
  const read = await each([...readers.keys()].sort(), 16, async (path) => await readFile(survey, path));
  const found = read.flatMap((file): ImagePlace[] => {
    if (file === undefined) return [];
    const images = isKustomization(file.path) ? imagesOfKustomization(file.yaml) : imagesOfManifest(file.yaml);
    if (images.length === 0) return [];
    const markers = findMarkers(file)?.markers ?? [];
    const environments = [...new Set(readers.get(file.path)!.flatMap(({ environment }) => environment ?? []))];
    return images.map((image) => {
      const nodes = new Set(image.scalars.map(({ spot }) => spot.node));
      const policies = markers.filter(({ spot }) => nodes.has(spot.node)).map(({ policy }) => policy);
      return { file, image, policies: [...new Set(policies)], environments };
    });
  });
  return found.filter((place) => !isOverridden(place, found, readers));
}

/** Who reads a file: each candidate is one way to it. */
interface Reader {
  environment?: string;
  files: ReadonlySet<string>;
}

async function readersOf(survey: Survey, syncs: readonly ProposedSync[]): Promise<Map<string, Reader[]>> {
  const readers = new Map<string, Reader[]>();
  for (const { path, helm, environment } of syncs.flatMap(({ candidates }) => candidates)) {
    const files = new Set(helm === undefined ? await survey.reach(path) : chartFiles(survey, path, helm.values));
    for (const file of files) {
      if (!isFluxItself(file)) readers.set(file, [...(readers.get(file) ?? []), { environment, files }]);
    }
  }
  return readers;
}

/** The values of a chart: its own, and the files that are named. */
function chartFiles(survey: Survey, path: string, values: readonly string[] = []): string[] {
  const own = survey.files
    .map((file) => file.path)
    .filter((file) => isWithin(path, file) && file.endsWith('/values.yaml'));
  const there = new Set(survey.files.map((file) => file.path));
  return [...own.filter((file) => !/\/(?:templates|charts)\//.test(file.slice(path.length))), ...values].filter(
    (file) => there.has(file),
  );
}

async function readFile({ tree, files }: Survey, path: string): Promise<ReadFile | undefined> {
  const isThere = files.some((file) => file.path === path && file.kind === 'file');
  if (!isThere || !(isKustomization(path) || /\.(?:ya?ml|json)$/.test(path))) return undefined;
  const bytes = await tree.read(path);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const yaml = path.endsWith('.json') ? readJson(text) : readYaml(text);
  return 'reason' in yaml ? undefined : { path, bytes, yaml };
}

/** An image of a manifest whose tag every kustomization that reads it sets anew. */
function isOverridden(place: ImagePlace, all: readonly ImagePlace[], readers: ReadonlyMap<string, Reader[]>): boolean {
  const { file, image } = place;
  if (image.entry !== undefined) return false;
  const entries = all.filter((other) => other.image.entry === image.repository).map((other) => other.file.path);
  return readers.get(file.path)!.every(({ files }) => entries.some((entry) => files.has(entry)));
}
