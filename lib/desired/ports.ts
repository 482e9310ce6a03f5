/** One entry of a Git tree. */
export interface TreeFile {
  /** Path from the repo's root, with `/`. */
  path: string;
  /** Bytes; of a symbolic link, the length of its target. */
  size: number;
  kind: 'file' | 'symlink' | 'submodule';
  /** What a symbolic link points to, as it is written in it. */
  target?: string;
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
}

/** Builds one kustomization. Called only with a path that `checkKustomization` passed: nothing remote, nothing out of the tree. */
export interface Kustomizer {
  /** The built objects as YAML documents. Throws `UserError` with kustomize's message when it does not build, `RetryableError` when it ran out of time. */
  build(tree: SourceTree, path: string): Promise<string>;
  /** `kubectl v1.35.2, kustomize v5.7.1`: kept with what was rendered. */
  version(): Promise<string>;
}
