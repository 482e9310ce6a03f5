import type { BinaryCache } from './cache.ts';
import type { OnProgress } from './progress.ts';
import type { ReleaseHosts } from './releases.ts';
import type { Platform } from './versions.ts';

/** What each way of obtaining is given. */
export interface AcquireContext {
  cache: BinaryCache;
  env: Record<string, string | undefined>;
  platform: Platform;
  offline: boolean;
  onProgress: OnProgress;
  signal: AbortSignal | undefined;
  releaseHosts: ReleaseHosts;
  connectTimeoutMs: number;
  goModules: string;
}

/** A way that did not work for some programs, in words for a person. */
export type Failure = string;
