/** Where the copies are that Windlass keeps on this machine. */
export { cacheDir } from '../adapters/local/cache-dir.ts';
