/** Which order a policy sorts by. Exactly one of the keys is there. */
export type PolicyRule = { semver: string } | { numerical: 'asc' | 'desc' } | { alphabetical: 'asc' | 'desc' };

/** Which tags a policy looks at, and which part of them it sorts by. Patterns are RE2. */
export interface TagFilter {
  include?: string;
  exclude?: string;
  /** A template over the groups of `include`: `$ts`. */
  extract?: string;
}

/** One entry of `images`. */
export interface ImageEntry {
  /** The key in windlass.yaml: what a marker names. */
  name: string;
  /** Registry and path, without tag or digest. */
  image: string;
  semver?: string;
  numerical?: 'asc' | 'desc';
  alphabetical?: 'asc' | 'desc';
  filter?: TagFilter;
  /** True: a tag below the present one may be taken. */
  allowDowngrade: boolean;
}

export interface ClusterEntry {
  name: string;
  /** The name of the EKS cluster. */
  eks?: string;
  region?: string;
}

export interface EnvironmentEntry {
  name: string;
  cluster: string;
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
  /** Namespace `windlass-system`, where no other is written: `namespace/name`. */
  serviceAccount?: string;
}

/** Differences that are not drift. */
export interface IgnoreRule {
  /** An object's written name, where `*` stands for any text without a slash. */
  object: string;
  /** A JSON Pointer (RFC 6901); everything below it is ignored too. */
  path: string;
  why?: string;
  /** ISO date or time; the rule is void from then on. */
  until?: string;
}

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
