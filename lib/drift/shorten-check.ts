import type { CheckReported, Stopped } from '../model/messages.ts';
import { shortText, sizeOf } from '../model/shorten.ts';
import { firstThatFit, messageBytes } from './shorten-finding.ts';

/** Of a text that a person or another side wrote, where there are very many. In characters. */
const longestText = 200;

/**
 * A heartbeat as it can be sent: with at most `bytes`, save for the names of clusters and syncs, which are never cut. Where it is too long, texts are cut, then syncs that
 * could not be checked are counted in `cut` instead of named, save the first. What is stopped is told whole or not at all: one that was left out would look released.
 */
export function shortenCheck(report: CheckReported, bytes: number = messageBytes): CheckReported {
  if (sizeOf(report) <= bytes) return report;
  const { failed, stopped, ...rest } = report;
  const short = failed.map((one) => ({ ...one, reason: shortText(one.reason, longestText) }));
  const held = stopped?.map(shortStopped);
  const bare = { ...rest, failed: short.slice(0, 1), cut: { failed: failed.length, stopped: stopped?.length ?? 0 } };
  const withHeld = { ...bare, ...(held && { stopped: held }) };
  const base = sizeOf(withHeld) <= bytes ? withHeld : bare;
  const more = firstThatFit(short.slice(1), bytes - sizeOf(base));
  const { cut: _, ...kept } = base;
  const hidden = Math.max(0, failed.length - 1 - more.length);
  const cut = {
    ...(hidden > 0 && { failed: hidden }),
    ...(base === bare && held && { stopped: held.length }),
  };
  return { ...kept, failed: [...base.failed, ...more], ...(Object.keys(cut).length > 0 && { cut }) };
}

function shortStopped(one: Stopped): Stopped {
  const { what, who, why } = one;
  return {
    ...one,
    what: shortText(what, longestText),
    who: shortText(who, longestText),
    why: shortText(why, longestText),
  };
}
