/** One field that differs between what was applied and what is there. No value of a Secret is ever in it, only keyed hashes. */
export interface FieldDrift {
  /** For people: `spec.template.spec.containers[name=web].image`, `metadata.labels[example.com/team]`. */
  path: string;
  /** Git's value, where the rendered object was at hand. Absent: Git does not set it, or it was not rendered. */
  git?: unknown;
  /** The value in the cluster; absent when the field is not there. */
  live?: unknown;
  /** The field manager that holds the field now, as `managedFields` names it: `kubectl-set`, `k9s`. */
  manager?: string;
  operation?: 'Apply' | 'Update';
  /** `scale`, where the change came through a subresource. */
  subresource?: string;
  /** RFC 3339: the last change by that manager of any of its fields, so not later than this. */
  time?: string;
  /** What is known without a manager: `removed, by whom is not recorded`, `by admission or defaulting`. */
  note?: string;
}

/**
 * How one object differs from what was applied.
 * `changed`: a field that we applied has another value, or the object was created again (then `reason` says so).
 * `missing`: it is not there. `added`: a person put fields on it that Git does not have. `unmanaged`: nobody declared it.
 */
export interface ObjectDrift {
  /** As `formatObjectId` writes it. */
  object: string;
  state: 'changed' | 'missing' | 'added' | 'unmanaged';
  /** Sorted by path; empty for `missing`. With `changed`, fields that a person added are in it too, with the note `added`. */
  fields: FieldDrift[];
  reason?: string;
}

/** What could not be read or compared: never drift, never missing. */
export interface Unknown {
  /** An object as `formatObjectId` writes it, a kind as `group/Kind` (`Kind` of the core group), or `*` for everything of the sync. */
  object: string;
  reason: string;
  /** A pull is just writing it: that is no trouble, however long it takes. */
  beingWritten?: boolean;
  /** Only whether there is something that nobody declared is not known: declared objects were compared all the same. */
  undeclared?: boolean;
}

/** What a rule of `drift.ignore` did in one check. */
export interface RuleUse {
  /** As it is named everywhere: `apps/Deployment/shop/web: spec.replicas by mesh-agent`. */
  rule: string;
  /** Of so many objects it took something away. None: everything that it is about was looked at, and there was nothing for it. */
  objects: number;
}
