import type { Problem } from '../model/errors.ts';
import { kustomizationNames } from '../model/kustomization-names.ts';
import { isWithin, joinTreePath } from '../model/tree-path.ts';
import type { SourceTree, TreeFile } from './ports.ts';
import { problemAt } from './source-text.ts';
import { readDocuments } from './yaml.ts';
import type { Json, YamlDocument } from './yaml-document.ts';

/** Lists of paths to files or to directories with a kustomization of their own. */
const pathLists = ['resources', 'bases', 'components', 'crds', 'configurations', 'patchesStrategicMerge'] as const;
/** Lists of plugins' configurations: paths, or YAML written in place. Only kustomize's own plugins are run. */
const pluginLists = ['generators', 'transformers', 'validators'] as const;
/** What needs a chart, a program or the network. */
const refusedKeys = ['helmCharts', 'helmChartInflationGenerator', 'helmGlobals'] as const;

/** The kustomization file directly in a directory; undefined where there is none. */
export function kustomizationIn(files: readonly TreeFile[], directory: string): TreeFile | undefined {
  const names = kustomizationNames.map((name) => (directory === '.' ? name : `${directory}/${name}`));
  return files.find((file) => names.includes(file.path));
}

/** What a look through a kustomization gives. */
export interface CheckedKustomization {
  problems: Problem[];
  /** The directories that it builds on, and the files outside of them that it names. */
  inputs: string[];
}

/**
 * Looks through a kustomization, and all that it builds on, for what must not be built: remote bases and files, charts, plugins,
 * paths and symbolic links out of the config repo, files that are not there (kustomize would take their names for URLs).
 */
export async function checkKustomization(tree: SourceTree, directory: string): Promise<CheckedKustomization> {
  return await new Check(tree, await tree.files('.')).run(directory);
}

type Mapping = { [key: string]: Json };

class Check {
  private readonly tree: SourceTree;
  private readonly files: readonly TreeFile[];
  private readonly byPath: Map<string, TreeFile>;
  private readonly seen = new Set<string>();
  private readonly inputs = new Set<string>();
  private readonly problems: Problem[] = [];

  constructor(tree: SourceTree, files: readonly TreeFile[]) {
    this.tree = tree;
    this.files = files;
    this.byPath = new Map(files.map((file) => [file.path, file]));
  }

  async run(directory: string): Promise<CheckedKustomization> {
    await this.visit(directory);
    return { problems: this.problems, inputs: [...this.inputs] };
  }

  private async visit(directory: string): Promise<void> {
    if (this.seen.has(directory)) return;
    this.seen.add(directory);
    this.inputs.add(directory);
    this.checkLinks(directory);
    const file = kustomizationIn(this.files, directory);
    if (file === undefined) {
      this.problems.push({
        code: 'kustomize-missing',
        file: directory,
        message: 'there is no kustomization.yaml in this directory',
      });
      return;
    }
    if (file.kind !== 'file') {
      this.problems.push({ code: 'symlink', file: file.path, message: 'a kustomization must not be a symbolic link' });
      return;
    }
    const { documents, problems } = readDocuments(await readText(this.tree, file.path), file.path);
    this.problems.push(...problems);
    for (const document of documents) await this.checkDocument(directory, document);
  }

  /** kustomize reads any file of the directories it visits, through links too. */
  private checkLinks(directory: string): void {
    for (const file of this.files) {
      if (file.kind !== 'symlink' || !isWithin(directory, file.path)) continue;
      const target = linkTarget(file);
      if (target !== undefined) this.inputs.add(target);
      // A link to a link is not followed up: it could lead out in two steps.
      if (target !== undefined && !this.passesLink(target) && this.byPath.get(target)?.kind !== 'symlink') continue;
      this.problems.push({
        code: 'symlink',
        file: file.path,
        message: `this symbolic link leads out of the repository (${file.target ?? '?'})`,
      });
    }
  }

  private async checkDocument(directory: string, document: YamlDocument): Promise<void> {
    const { value } = document;
    if (!isMapping(value)) {
      this.problems.push(problemAt(document.source, document.start, 'kustomize', 'a kustomization must be a mapping'));
      return;
    }
    for (const key of refusedKeys) {
      if (value[key] !== undefined)
        this.refuse(document, value, key, 'kustomize-plugin', `${key} is not built by kustomize here`);
    }
    for (const key of pathLists) await this.checkPaths(directory, document, value, key, texts(value[key]));
    for (const key of pluginLists) await this.checkPlugins(directory, document, value, key);
    for (const [key, paths] of filesNamedBy(value)) await this.checkPaths(directory, document, value, key, paths);
  }

  private async checkPaths(
    directory: string,
    document: YamlDocument,
    value: Mapping,
    key: string,
    paths: string[],
  ): Promise<void> {
    for (const path of paths) {
      // A patch may be written in place.
      if (path.includes('\n')) continue;
      const target = this.resolve(directory, document, value, key, path);
      const isDirectory = target !== undefined && !this.byPath.has(target);
      if (isDirectory && key !== 'patchesStrategicMerge') await this.visit(target);
      if (key === 'resources' && target !== undefined && this.byPath.has(target)) await this.checkResource(target);
    }
  }

  /** kustomize does not name the file of every mistake in it, a key that is there twice for one. */
  private async checkResource(path: string): Promise<void> {
    if (this.seen.has(path)) return;
    this.seen.add(path);
    this.problems.push(...readDocuments(await readText(this.tree, path), path).problems);
  }

  /** The path in the tree that an entry names; undefined, and a problem, where it names none. */
  private resolve(
    directory: string,
    document: YamlDocument,
    value: Mapping,
    key: string,
    path: string,
  ): string | undefined {
    const refuse = (code: string, message: string, hint?: string) =>
      this.refuse(document, value, key, code, `${key}: ${message}`, hint, path);
    const target = joinTreePath(directory, path);
    if (target !== undefined) this.inputs.add(target);
    const local = target !== undefined && this.exists(target);
    if (!local && looksRemote(path))
      return refuse('kustomize-remote', `"${path}" is remote`, 'copy it into the config repo');
    if (target === undefined) return refuse('path-outside', `"${path}" leads out of the repository`);
    if (this.passesLink(target))
      return refuse('symlink', `"${path}" passes through a symbolic link`, 'name the directory that it leads to');
    if (!local) return refuse('kustomize-missing', `"${path}" is not there`);
    return target;
  }

  private exists(path: string): boolean {
    return path === '.' || this.byPath.has(path) || this.files.some((file) => isWithin(path, file.path));
  }

  private passesLink(path: string): boolean {
    const names = path.split('/');
    return names.some((_, index) => {
      const file = this.byPath.get(names.slice(0, index + 1).join('/'));
      return file?.kind === 'symlink' && (index < names.length - 1 || !this.isFileLink(file));
    });
  }

  private isFileLink(link: TreeFile): boolean {
    const target = linkTarget(link);
    return target !== undefined && this.byPath.get(target)?.kind === 'file';
  }

  private async checkPlugins(directory: string, document: YamlDocument, value: Mapping, key: string): Promise<void> {
    for (const entry of texts(value[key])) {
      const written = entry.includes('\n') || entry.includes('{');
      const target = written ? undefined : this.resolve(directory, document, value, key, entry);
      if (!written && target === undefined) continue;
      if (target !== undefined && !this.byPath.has(target)) {
        await this.visit(target);
        continue;
      }
      const text = target === undefined ? entry : await readText(this.tree, target);
      const { documents, problems } = readDocuments(text, target ?? document.source.file);
      this.problems.push(...problems);
      if (documents.some((plugin) => !isBuiltIn(plugin.value))) {
        this.refuse(
          document,
          value,
          key,
          'kustomize-plugin',
          `${key}: only plugins with apiVersion "builtin" are run, and no charts`,
        );
      }
    }
  }

  /** A problem at an entry of a key, or at the key itself. */
  private refuse(
    document: YamlDocument,
    value: Mapping,
    key: string,
    code: string,
    message: string,
    hint?: string,
    entry?: string,
  ): undefined {
    const start = document.keyOffset(value, key) ?? document.start;
    const written = entry === undefined ? -1 : document.source.text.indexOf(entry, start);
    this.problems.push(problemAt(document.source, written < 0 ? start : written, code, message, hint));
  }
}

/** Where a symbolic link leads inside the tree; undefined when it leads out. */
export function linkTarget(link: TreeFile): string | undefined {
  const slash = link.path.lastIndexOf('/');
  return link.target === undefined ? undefined : joinTreePath(slash < 0 ? '.' : link.path.slice(0, slash), link.target);
}

/** Reads a file as UTF-8. Bytes that are none become U+FFFD, which no key or path of a kustomization has. */
async function readText(tree: SourceTree, path: string): Promise<string> {
  return new TextDecoder().decode(await tree.read(path));
}

/** The files that generators, patches, replacements and the schema name: kustomize would load each of them from a URL as well. */
function filesNamedBy(value: Mapping): [key: string, paths: string[]][] {
  const found: [string, string[]][] = [];
  for (const key of ['configMapGenerator', 'secretGenerator']) {
    for (const generator of mappings(value[key])) {
      const named = texts(generator['files']).map((entry) => entry.slice(entry.indexOf('=') + 1));
      found.push([key, [...named, ...texts(generator['envs']), ...texts([generator['env'] ?? null])]]);
    }
  }
  for (const key of ['patches', 'patchesJson6902', 'replacements']) {
    for (const entry of mappings(value[key])) found.push([key, texts([entry['path'] ?? null])]);
  }
  if (isMapping(value['openapi'])) found.push(['openapi', texts([value['openapi']['path'] ?? null])]);
  return found;
}

/** Kustomize takes a name with a scheme, a user or a query for a URL, and a host's name for a repository. */
function looksRemote(path: string): boolean {
  return /:\/\/|^git::|^[\w.-]+@|^(?:github|gitlab|bitbucket)\.[a-z]+[/:]|[?&](?:ref|version|timeout|submodules)=/i.test(
    path,
  );
}

function isBuiltIn(plugin: Json): boolean {
  return isMapping(plugin) && plugin['apiVersion'] === 'builtin' && plugin['kind'] !== 'HelmChartInflationGenerator';
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function mappings(value: Json | undefined): Mapping[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}

function isMapping(value: Json | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
