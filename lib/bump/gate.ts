import { gateReason, platformReason } from '../policy/gates.ts';
import type { Asked } from './decision.ts';
import type { RegistryTag } from './ports.ts';

/** Why a tag must wait for its gates, or lacks a platform; undefined when nothing keeps it back. Throws what the registry throws. */
export async function gateOn(
  { entry, registry, now }: Asked,
  { tag, digest, pushedAt }: RegistryTag,
): Promise<string | undefined> {
  const { gates, platforms, image } = entry;
  // What costs no request goes first.
  const young = gateReason({ minAgeSeconds: gates.minAgeSeconds }, { pushedAt, now });
  if (young !== undefined) return young;
  if (platforms.length > 0) {
    const { platforms: there } = await registry.details(image, digest ?? tag);
    const lacking = platformReason(platforms, there);
    if (lacking !== undefined) return lacking;
  }
  if (gates.scan === undefined) return undefined;
  const of = digest ?? (await registry.tag(image, tag))?.digest;
  if (of === undefined) return 'the registry does not tell its digest';
  return gateReason({ scan: gates.scan }, { scan: await registry.scan(image, of), now });
}
