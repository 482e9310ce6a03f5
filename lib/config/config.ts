import type { Target } from '../edit/target.ts';
import type { DriftSettings } from '../kube/drift-rules.ts';
import type { PruneLimit } from '../kube/guard.ts';
import type { Severity, Topic } from '../model/notice.ts';
import type { GateRules } from '../policy/gates.ts';
import type { PolicySpec } from '../policy/spec.ts';

/** How a new tag gets into the branch. */
export type Update = 'commit' | 'pull-request';

/** How bump's commits and pull requests are worded: templates over the fields of docs/bump.md. */
export interface MessageTemplate {
  subject?: string;
  body?: string;
}

/** What every pull request of bump asks for. */
export interface PullRequestWishes {
  labels: string[];
  /** Users, and teams as `org/team`. */
  reviewers: string[];
  autoMerge: boolean;
}

/** One entry of `images`: what `compilePolicy` takes, and the name that markers use. */
export interface ImageEntry extends PolicySpec {
  /** The key in windlass.yaml. */
  name: string;
  /** True: a tag below the present one may be taken. */
  allowDowngrade: boolean;
  update: Update;
  /** The pull request that the image's changes share; the image's own name unless told. */
  group?: string;
  /** `linux/amd64`: every one of them must be in an image that is taken. Empty: whatever it has. */
  platforms: string[];
  gates: GateRules;
  /** Places without markers. */
  targets: Target[];
  /** Where the policy was found, when it is not in windlass.yaml: a Flux ImagePolicy's file. */
  from?: string;
  /** A digest is written beside every tag; `if-not-present`: the one that a tag had when it came stays. By what Git has unless told. */
  pinDigests?: 'if-not-present' | 'always';
  /** Why nothing is bumped by it for now, where the policy itself says so. */
  suspended?: string;
  /** `automatic`: a bump of it that does not become healthy is rolled back without a person. Absent: never. */
  rollback?: 'automatic';
  /** Why the image stays as it is in Git: what its entry asks for and cannot be done yet. Absent where it can be bumped. */
  notYet?: string[];
}

/** One entry of `clusters`. */
export interface ClusterEntry {
  name: string;
  /** The name of the EKS cluster. */
  eks?: string;
  region?: string;
  /** True: CloudWatch may be asked, at a cost, who is behind a drift. It has `eks` and `region` then. */
  auditLog?: boolean;
}

/** One entry of `environments`. */
export interface EnvironmentEntry {
  name: string;
  cluster: string;
  /** `pull-request`: nothing of it may be changed by a bump's commit. */
  update: Update;
}

/** A chart that lies outside of the repo, pinned. */
export type PublishedChart = { version: string; digest: string } & (
  | { kind: 'oci' /** `ghcr.io/acme/charts/web`. */; repository: string }
  | { kind: 'repo' /** `https://charts.example.com`, without a slash at the end. */; url: string; name: string }
);

/** What becomes of an object of a chart that is a hook of Helm's: there is no install or upgrade that it could run before or after. */
export type HookRule = 'refuse' | 'skip' | 'apply';

/** The Helm chart that a sync consists of. Paths are from the repo's root, normalised. */
export interface HelmSpec {
  chart: { kind: 'directory'; path: string } | PublishedChart;
  release: string;
  namespace: string;
  /** A later one wins. */
  values: string[];
  hooks: HookRule;
}

/** Values for `${NAME}`. One that is the whole of a scalar gives its own type to it. */
export type Variables = Readonly<Record<string, string | number | boolean>>;

/** What happens to a change by hand of a sync's objects: a warning for who makes it, or a refusal. */
export type GuardMode = 'warn' | 'deny';

/** Whom the guard lets through. Parts of the cluster and Windlass itself always are. */
export interface GuardRules {
  /** People who may change what is guarded, and are written down by the API server's audit log. */
  breakGlass: { users: string[]; groups: string[] };
  /** `all`: every service account counts as a controller. Else only these, as `namespace/name` or `namespace/*`, and those of kube-system. */
  serviceAccounts: 'all' | string[];
}

/** How the health of a kind is told where the built-in rules cannot: CEL expressions over the live object's fields, each of which gives a boolean. */
export interface HealthRule {
  /** `cert-manager.io`; empty for the core group. */
  group: string;
  kind: string;
  /** True: the object is healthy. */
  current: string;
  /** True: it is on its way; asked before `failed` and `current`. */
  inProgress?: string;
  /** True: it has failed, and will not mend itself. */
  failed?: string;
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
  /** The sync is this chart; absent where it is the manifests of its path. */
  helm?: HelmSpec;
  /** Absent: a `${NAME}` is left as it is. */
  variables?: Variables;
  /** The service account of windlass-system that its objects are read and written as; absent: as whoever pulls. */
  serviceAccount?: string;
  /** How many objects may leave Git at once before a person has to approve. Absent: more than 10 objects and a quarter of the sync. */
  pruneLimit?: PruneLimit;
  /** Absent: changes by hand are not looked at before they are made. */
  guard?: GuardMode;
  /** `automatic`: a bump that does not become healthy in it is rolled back without a person. Absent: never. */
  rollback?: 'automatic';
}

/** Objects that nobody declared are drift in these namespaces. */
export interface UnmanagedRules {
  /** `*` stands for any text. */
  namespaces: string[];
  /** Written names of objects that may be there, where `*` stands for any text without a slash. */
  ignore: string[];
}

/** For how long something may last before people are told, in seconds: to be behind Git, a silent puller, a check that does not run, to be suspended or held. */
export interface DriftLimits {
  behind: number;
  puller: number;
  checker: number;
  held: number;
}

/** Where notices go: exactly one of a Slack channel and an SNS topic. */
export interface NotifyDestination {
  /** `channel` may be absent where the secret holds the address of an incoming webhook. */
  slack?: { channel?: string; secret: string };
  /** A topic's name, or its ARN. */
  sns?: string;
}

/** Which notices go where. What is absent does not matter. */
export interface NotifyRoute extends NotifyDestination {
  on?: Topic[];
  /** Names of expanded syncs. */
  syncs?: string[];
  /** `*` stands for any text. */
  namespaces?: string[];
  /** This bad, or worse. */
  severity?: Severity;
}

/** Who is told what. Each route that fits gets a notice; `default` one that fits none. */
export interface NotifyRules {
  routes: NotifyRoute[];
  default?: NotifyDestination;
}

/** windlass.yaml, checked and expanded. */
export interface Config {
  message: MessageTemplate;
  pullRequests: PullRequestWishes;
  images: Record<string, ImageEntry>;
  clusters: Record<string, ClusterEntry>;
  /** In the order of the file, which is the way to production. */
  environments: EnvironmentEntry[];
  /** A sync comes after everything that it depends on; otherwise in the order of the file. */
  syncs: SyncSpec[];
  /** Absent: none but the built-in rules. */
  health?: HealthRule[];
  /** Whom the guard of syncs lets through. */
  guard: GuardRules;
  drift: DriftSettings & {
    /** Absent: objects that nobody declared are not looked for. */
    unmanaged?: UnmanagedRules;
    /** For how long something may drift before people are told; 0: told at once. */
    graceSeconds: number;
    limits: DriftLimits;
  };
  /** Automatic rollbacks in one hour, at most. */
  rollback: { perHour: number };
  notify: NotifyRules;
}
