/** The direction of a numerical or alphabetical policy: with `asc` the greatest is the newest, with `desc` the smallest. */
export type Order = 'asc' | 'desc';

/** Which tags a policy looks at, and which part of a tag it compares. Patterns are RE2, searched anywhere in the tag. */
export interface TagFilter {
  /** Only tags that this pattern is found in. */
  include?: string;
  /** Never a tag that one of these patterns is found in. */
  exclude?: string | readonly string[];
  /** What is compared instead of the whole tag: a template for the match of `include`, by the rules of Go's `Regexp.Expand`. */
  extract?: string;
}

/** One entry of windlass.yaml's `images`: an image and exactly one policy (`semver`, `numerical`, `alphabetical`, `newest` or `digest`). */
export interface PolicySpec {
  /** The repository, without tag: `ghcr.io/acme/worker`. */
  image: string;
  /** A range by the rules of Masterminds/semver. */
  semver?: string;
  numerical?: Order;
  alphabetical?: Order;
  /** True: the image that was pushed last. */
  newest?: boolean;
  /** A tag that moves, followed by its digest: `latest`. */
  digest?: string;
  /** A pattern alone is `include`. */
  filter?: string | TagFilter;
  /** Takes the newest tag of the registry even when Git has a newer one. */
  allowDowngrade?: boolean;
}

/** What a rollback writes so that it sticks: the image stays at `tag` until there is a tag after `past`. */
export interface Hold {
  /** From the file's name, `holds/<image>.<id>.yaml`. */
  id: string;
  /** The key in `images`. */
  image: string;
  /** The tag to keep. Of a `digest` policy the digest: `sha256:...` or `latest@sha256:...`. */
  tag: string;
  /** The highest tag that was seen when the hold was made: only tags after it are taken. Of a `digest` policy the digest that is not taken. */
  past: string;
  /** Who asked for it, and why. */
  by?: string;
  why?: string;
  /** ISO 8601, when it was made. */
  at?: string;
  /** A date (the hold lasts to its end, UTC) or an ISO 8601 time. After it the hold is void. */
  until?: string;
  /** Where its file is, if not at its usual path: a name with a colon may stand unescaped. */
  path?: string;
}
