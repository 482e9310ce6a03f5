import type { PublishedChart } from '../config/config.ts';

/** One entry of a Git tree. */
export interface TreeFile {
  /** Path from the repo's root, with `/`. */
  path: string;
  /** Bytes; of a symbolic link, the length of its target. */
  size: number;
  kind: 'file' | 'symlink' | 'submodule';
  /** What a symbolic link points to, as it is written in it. */
  target?: string;
  /** Names the content: Git's blob. Absent where the tree cannot tell it without reading. */
  id?: string;
}

/** The config repo at one revision. Reads only; never follows a symbolic link by itself. */
export interface SourceTree {
  /** The commit, or the word that stands for a plain directory's content. */
  readonly revision: string;
  /** Everything below a directory, at any depth (`.` is the whole tree), sorted by path; empty when there is no such directory. Throws when it cannot be read. */
  files(directory: string): Promise<TreeFile[]>;
  /** The bytes of a regular file. Throws when there is none at that path. */
  read(path: string): Promise<Uint8Array>;
  /** Absolute path of a checked-out copy of the whole tree, for renderers; where there is none, they write one for themselves. */
  readonly directory?: string;
  /** Checks the whole tree out, at the first call, and answers where; only where there is no `directory`. */
  checkOut?(): Promise<string>;
}

/** Builds one kustomization. Called only with a path that `checkKustomization` passed: nothing remote, nothing out of the tree. */
export interface Kustomizer {
  /** The built objects as YAML documents. Throws `UserError` with kustomize's message when it does not build, `RetryableError` when it ran out of time. */
  build(tree: SourceTree, path: string): Promise<string>;
  /** `kubectl v1.35.2, kustomize v5.7.1`: kept with what was rendered. */
  version(): Promise<string>;
}

/** What a cluster can do, as charts may ask for it. */
export interface Capabilities {
  /** `v1.35.2` or `v1.33.4-eks-1234567`. */
  version: string;
  /** Every kind that the cluster serves, at every API version. */
  kinds: { apiVersion: string; kind: string; namespaced: boolean }[];
}

/** A file of a chart; its path begins in the chart's own directory: `templates/web.yaml`. */
export interface ChartFile {
  path: string;
  bytes: Uint8Array;
}

/** A chart with everything that its templates may see. */
export interface TemplateRequest {
  /** Called only with paths that lead nowhere else and with regular files. */
  chart: readonly ChartFile[];
  /** Contents of values files; a later one wins. */
  values: readonly Uint8Array[];
  release: string;
  namespace: string;
  /** Helm's own assumption unless told. */
  version?: string;
  /** `batch/v1` and `batch/v1/CronJob`, beside those that helm knows itself. */
  apiVersions?: readonly string[];
}

/** Renders charts, without a cluster and without a network. */
export interface Helm {
  /** The objects, CRDs and hooks as YAML documents, each behind a comment `# Source: <chart>/<file>`. Throws as `Kustomizer.build`. */
  template(request: TemplateRequest): Promise<string>;
  /** `helm v4.1.4`: kept with what was rendered. */
  version(): Promise<string>;
}

/** Gets charts from where they are published. */
export interface ChartSource {
  /**
   * The files of a chart whose bytes are those of its digest. Throws `UserError` for one that is not there, has other bytes or is refused,
   * `RetryableError` when it cannot be had now.
   */
  files(chart: PublishedChart): Promise<ChartFile[]>;
}

/** What renders: everything that `desired` needs beside Git. Without `helm` and `charts` a chart is a problem. */
export interface Renderers {
  kustomizer: Kustomizer;
  helm?: Helm;
  charts?: ChartSource;
  /** Asked for a chart only. Absent: helm's own assumptions. */
  capabilities?: () => Promise<Capabilities>;
}
