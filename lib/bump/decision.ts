import type { ImageEntry } from '../config/config.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import type { RetryableError, UserError } from '../model/errors.ts';
import type { ImageRef } from '../model/image-ref.ts';
import type { TagReason } from '../policy/choose.ts';
import type { Hold } from '../policy/spec.ts';
import type { Look } from './look.ts';
import type { Place } from './places.ts';
import type { ConfigRepo, Registry } from './ports.ts';

/** What is to become of the places of one route. */
export interface Outcome {
  /** The group of the pull request; undefined for bump's own commit. */
  group?: string;
  places: Place[];
  /** What the places get; absent when they stay as they are. */
  ref?: ImageRef;
  /** Why they stay as they are, where something newer is or may be there. */
  waiting?: string;
  /** Texts in Git that fit no policy, and are replaced by `ref`. */
  adopted: string[];
  /** Holds that `ref` passes. */
  released: Hold[];
  /** When the registry says that the image of `ref` was pushed, where it does (ISO 8601). */
  pushedAt?: string;
  /** What the image of `ref` is at, where the registry tells it. */
  digest?: string;
  /** What the policy says of each tag of the registry, by what Git has. */
  reasons: readonly TagReason[];
}

/** What is to become of one image policy. */
export interface Decision {
  entry: ImageEntry;
  /** The policy in words. */
  rule: string;
  /** What Git has at the policy's places, each text once. */
  current: string[];
  holds: Hold[];
  /** The newest tag that fits, whatever holds, gates and Git say. */
  newest?: string;
  /** One for each route; empty where nothing could be decided. */
  outcomes: Outcome[];
  /** Its targets that are not there, or cannot be edited; absent where nothing was decided. */
  lost?: SkippedMarker[];
  /** Why all of it stays as it is. */
  waiting?: string;
  /** The tags could not be told: nothing is known, and nothing is changed. */
  failed?: UserError | RetryableError;
  /** Somebody may have asked to stop, and it cannot be read: what is proposed already stays as it is. */
  unclear?: UserError;
  /** The host refused the commit that was to move it. */
  refused?: UserError;
}

/** What decisions are made from, beside the look. */
export interface Sources {
  registry: Registry;
  repo: Pick<ConfigRepo, 'changedAt'>;
}

/** What is known while one policy is decided. */
export interface Asked extends Sources {
  look: Look;
  entry: ImageEntry;
  holds: Hold[];
  now: Date;
}

/** What is decided for the places of one route. */
export type Judgement = Omit<Outcome, 'group' | 'places'>;
