/** Something that a user may or may not do: `{ verb: 'create', group: '', resource: 'secrets', namespace: 'shop' }`. */
export interface Right {
  verb: string;
  /** Empty for the core group. */
  group: string;
  /** The plural. */
  resource: string;
  /** All namespaces, or none, unless given. */
  namespace?: string;
  /** One object; all unless given. */
  name?: string;
  /** `status` */
  subresource?: string;
}

/** Whose rights are asked about. */
export interface RightsOf {
  user: string;
  groups?: readonly string[];
}
