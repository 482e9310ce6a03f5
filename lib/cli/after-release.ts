import type { ConfigRepo, Head } from '../bump/ports.ts';
import { currentOf } from '../edit/current.ts';
import { inShort, isTrouble } from '../model/errors.ts';
import { choose } from '../policy/choose.ts';
import { compilePolicy } from '../policy/policy.ts';
import type { Hold } from '../policy/spec.ts';
import { imageNamed, lookAt } from '../rollback/look.ts';
import type { RollbackRegistry } from '../rollback/ports.ts';

/**
 * What the next bump takes once holds are gone, in a sentence; nothing where Git stays as it is, or for a policy that follows a digest. Where it cannot be
 * told, the sentence says why.
 */
export async function afterRelease(
  { repo, registry }: { repo: ConfigRepo; registry: RollbackRegistry },
  { image, released, now }: { image: string; released: readonly Hold[]; now: Date },
  head: Head,
): Promise<string[]> {
  try {
    const look = await lookAt(repo, head);
    const entry = imageNamed(look, image);
    if (entry.digest !== undefined) return [];
    const markers = look.files.flatMap(({ facts }) => facts.markers);
    const current = currentOf(markers, image).tags;
    const holds = look.holds.filter((hold) => hold.image === image && !released.some(({ id }) => id === hold.id));
    const tags = await registry.tags(entry.image);
    const { chosen } = choose({ policy: compilePolicy(entry), tags, current, holds, now });
    if (chosen === undefined || (current.length === 1 && current[0] === chosen)) return [];
    const against = released.some(({ tag, past }) => past === chosen && tag !== past);
    const what = against ? ', which a released hold was against' : '';
    return [`the next bump takes ${chosen}${what}, unless something else keeps it back`];
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return [`what the next bump takes cannot be told: ${inShort(error)}`];
  }
}
