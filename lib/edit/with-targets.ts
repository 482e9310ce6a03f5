import { findTarget } from './find-targets.ts';
import type { MarkedFile, Marker } from './marker.ts';
import type { SkippedMarker } from './source-file.ts';
import { lineOf } from './source-line.ts';
import { describeTarget, type PolicyTarget } from './target.ts';
import type { YamlText } from './yaml-text.ts';

type Found = Pick<MarkedFile, 'markers' | 'skipped'>;

/**
 * Adds a file's targets to its markers. A scalar that a marker and a target of the same policy and part name is one; what two of different
 * policies or parts name is nobody's, and is reported.
 */
export function withTargets(
  file: string,
  yaml: YamlText,
  { markers, skipped }: Found,
  targets: readonly PolicyTarget[],
): Found {
  if (targets.length === 0) return { markers, skipped };
  const troubles: SkippedMarker[] = [...skipped];
  const named: Marker[] = [];
  for (const [number, target] of targets.entries()) {
    const found = findTarget(yaml, target);
    if ('reason' in found) {
      const line = found.near === undefined ? 1 : lineOf(yaml.text, found.near.start);
      troubles.push({ file, line, reason: `${describeTarget(target)}: ${found.reason}`, policies: [target.policy] });
    } else {
      for (const place of found.places) {
        named.push({ policy: target.policy, ...place, line: lineOf(yaml.text, place.spot.start), target: number });
      }
    }
  }
  const claims = Map.groupBy([...markers, ...named], ({ spot }) => spot.node);
  const disputed = [...claims.values()].filter(isDisputed);
  const lost = new Set(disputed.flatMap((all) => all.flatMap(({ target }) => target ?? [])));
  for (const all of disputed) {
    const policies = [...new Set(all.map(({ policy }) => policy))];
    troubles.push({ file, line: all[0]!.line, reason: dispute(all), policies });
  }
  const kept = [...claims.values()].flatMap((all) => {
    if (isDisputed(all)) return [];
    const left = all.filter(({ target }) => target === undefined || !lost.has(target));
    return left.length === 0 ? [] : [{ ...left[0]!, ...left.at(-1) }];
  });
  return { markers: kept.sort((a, b) => a.spot.start - b.spot.start), skipped: troubles };
}

function isDisputed(claims: readonly Marker[]): boolean {
  return claims.some(({ policy, part }) => policy !== claims[0]!.policy || part !== claims[0]!.part);
}

function dispute(claims: readonly Marker[]): string {
  const words = claims.map(({ policy, part, target }) => {
    return `the ${part} of "${policy}" by a ${target === undefined ? 'marker' : 'target of windlass.yaml'}`;
  });
  return `the value is ${words.join(' and ')}: one of them must go`;
}
