import type { Problem } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';

/** An object that Git declares, and where. */
export interface DesiredObject {
  object: KubeObject;
  /** The file; for what kustomize built, the kustomization's directory; for a chart, the template. */
  origin: string;
  /** Line of the document, in a plain file only. */
  line?: number;
}

/** What one way of reading gives. */
export interface Rendered {
  objects: DesiredObject[];
  problems: Problem[];
  /** Every directory and file of the tree that it depends on; a directory stands for all below it. */
  inputs: string[];
}
