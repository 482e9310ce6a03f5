import type { z } from 'zod';
import type { GitHubRepo } from './client.ts';
import { isFailure } from './failure.ts';

/** Reads what rarely changes: the same answer again costs nothing of GitHub's limit (304). Keep one for as long as the process lives. */
export function conditional<T>(
  repo: GitHubRepo,
  route: string,
  parameters: Record<string, unknown>,
  shape: z.ZodType<T>,
): () => Promise<T> {
  let kept: { tag: string; value: T } | undefined;
  return async () => {
    try {
      const { value, tag } = await repo.tagged(route, parameters, kept?.tag, shape);
      kept = tag === undefined ? undefined : { tag, value };
      return value;
    } catch (error) {
      if (kept !== undefined && isFailure(error, 'refused', 304)) return kept.value;
      throw error;
    }
  };
}
