import type { PolicySpec } from '../policy/spec.ts';

/** One entry of `images`: what `compilePolicy` takes, and the name that markers use. */
export interface ImageEntry extends PolicySpec {
  /** The key in windlass.yaml. */
  name: string;
  /** True: a tag below the present one may be taken. */
  allowDowngrade: boolean;
  /** Why the image stays as it is in Git: what its entry asks for and cannot be done yet. Absent where it can be bumped. */
  notYet?: string[];
}

/** One entry of `clusters`. */
export interface ClusterEntry {
  name: string;
  /** The name of the EKS cluster. */
  eks?: string;
  region?: string;
}

/** One entry of `environments`. */
export interface EnvironmentEntry {
  name: string;
  cluster: string;
  /** `pull-request`: nothing of it may be changed by a bump's commit. */
  update: 'commit' | 'pull-request';
}

/** One sync after expansion: a path of the config repo that belongs in one cluster. */
export interface SyncSpec {
  /** `shop-staging`: unique in the config repo. */
  name: string;
  /** The key in windlass.yaml that it was expanded from: `shop`. */
  template: string;
  environment?: string;
  cluster: string;
  /** From the repo's root, normalised: no leading or trailing slash, no `.` or `..`; `.` is the root. */
  path: string;
  /** Expanded names of syncs in the same cluster. */
  dependsOn: string[];
  /** How long a pull waits for health. */
  waitSeconds: number;
  prune: boolean;
  selfHeal: boolean;
  /** Why it must not be pulled: what its entry asks for and cannot be done yet. Absent where it can be. */
  notYet?: string;
}

/** A difference that is not drift. */
export interface IgnoreRule {
  /** An object's written name, where `*` stands for any text without a slash. */
  object: string;
  /** A JSON Pointer (RFC 6901); everything below it is ignored too. */
  path: string;
  why?: string;
  /** ISO 8601 date or time; the rule is void after it. */
  until?: string;
}

/** Which notices go where. */
export interface NotifyRoute {
  on: string[];
  slack?: { channel: string; secret: string };
  sns?: string;
}

/** windlass.yaml, checked and expanded. */
export interface Config {
  images: Record<string, ImageEntry>;
  clusters: Record<string, ClusterEntry>;
  /** In the order of the file, which is the way to production. */
  environments: EnvironmentEntry[];
  /** A sync comes after everything that it depends on; otherwise in the order of the file. */
  syncs: SyncSpec[];
  drift: { ignore: IgnoreRule[] };
  notify: { routes: NotifyRoute[] };
}
