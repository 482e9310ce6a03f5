import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where copies of repositories and programs are kept, none of them precious: `$WINDLASS_CACHE`, else `windlass` in the user's cache. */
export function cacheDir(env: Record<string, string | undefined>): string {
  return env['WINDLASS_CACHE'] || join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'windlass');
}
