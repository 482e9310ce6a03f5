import type { Metrics } from '../model/delivery-figures.ts';
import { each } from '../model/each.ts';
import { UserError } from '../model/errors.ts';
import { amongKnown } from '../model/nearest.ts';
import { deliveryMetrics } from './delivery-metrics.ts';
import { driftMetrics } from './drift-metrics.ts';
import { type ImageFact, imageFactOf, type TakenBack, takenBackOf } from './moves.ts';
import { newestFirst } from './newest-first.ts';
import type { RecordsReader } from './ports.ts';
import { type Pull, pullOf } from './pulls.ts';
import type { Window } from './window.ts';

/** What is measured: one image, one sync, or all. */
export type MetricsScope = { image: string } | { sync: string } | undefined;

type Reader = Pick<RecordsReader, 'about' | 'images' | 'syncs' | 'incidentsBetween'>;

/** How long before the window a push or a bump may be whose roll-out is in it. */
const daysAhead = 7;
/** So many subjects are read at a time. */
const width = 8;
/** Records of one query. */
const page = 100;
/** Records before the window among which the last healthy pull of a sync is looked for. */
const mostBefore = 500;

/**
 * Reads a span of time and measures it: the incidents, and of each sync and each image what is recorded of it, a page a query; rows of objects are not
 * read. Of each record a few words are kept. Throws `UserError` for an image or sync that nobody ever told of, `RetryableError` when the tables cannot
 * be read now.
 */
export async function readMetrics(window: Window, records: Reader, scope?: MetricsScope): Promise<Metrics> {
  const [syncs, images] = await Promise.all([records.syncs(), records.images()]);
  const names = namesIn(scope, {
    syncs: syncs.map(({ sync }) => sync),
    images: images.map(({ policy }) => policy),
  });
  const [incidents, told, facts] = await Promise.all([
    records.incidentsBetween(window.from, window.to),
    readEach(names.syncs, (sync) => ofSync(sync, window, records)),
    readEach(names.images, (image) => factsOf(image, window, records)),
  ]);
  const meant = incidents.filter(({ sync }) => !hasSync(scope) || sync === scope.sync);
  const pulls = new Map([...told].map(([sync, of]) => [sync, of.pulls]));
  const takenBack = [...told.values()].flatMap((of) => of.takenBack);
  const isOfImage = scope !== undefined && !hasSync(scope);
  return {
    ...window,
    delivery: deliveryMetrics({ pulls, images: facts, incidents: meant, takenBack }, window, { onlyMoved: isOfImage }),
    // Objects drift, and no images.
    ...(!isOfImage && { drift: driftMetrics(meant, window) }),
  };
}

/** What is to be read: an image may be in any sync, and a sync have any image. */
function namesIn(scope: MetricsScope, known: { syncs: string[]; images: string[] }): typeof known {
  if (scope === undefined) return known;
  const [what, name, all] = hasSync(scope)
    ? (['sync', scope.sync, known.syncs] as const)
    : (['image', scope.image, known.images] as const);
  if (!all.includes(name)) {
    throw new UserError(`the records have no ${what} "${name}"${amongKnown(name, all)}`, {
      code: `unknown-${what}`,
      subject: name,
    });
  }
  return hasSync(scope) ? { ...known, syncs: [name] } : { ...known, images: [name] };
}

interface OfSync {
  pulls: Pull[];
  takenBack: TakenBack[];
}

/** The pulls and rollbacks of a sync in the window and, so that it is known what was there when it began, back to the last one before that found everything healthy. */
async function ofSync(sync: string, { from, to }: Window, records: Reader): Promise<OfSync> {
  const pulls: Pull[] = [];
  const takenBack: TakenBack[] = [];
  let before = 0;
  for await (const record of newestFirst(`sync:${sync}`, { before: to, limit: page }, records)) {
    const pull = pullOf(record);
    if (pull !== undefined) pulls.push(pull);
    takenBack.push(...[takenBackOf(record)].filter((one) => one !== undefined));
    if (record.at >= from) continue;
    before += 1;
    if (pull?.result === 'synced' || before === mostBefore) break;
  }
  return { pulls, takenBack };
}

async function factsOf(image: string, { from, to }: Window, records: Reader): Promise<ImageFact[]> {
  const facts: ImageFact[] = [];
  const since = new Date(Date.parse(from) - daysAhead * 86_400_000).toISOString();
  for await (const record of newestFirst(`image:${image}`, { before: to, since, limit: page }, records)) {
    const fact = imageFactOf(record);
    if (fact !== undefined) facts.push(fact);
  }
  return facts;
}

/** Reads what there is of each name, some at a time. */
async function readEach<T>(names: readonly string[], read: (name: string) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await each(names, width, async (name) => [name, await read(name)] as const));
}

function hasSync(scope: MetricsScope): scope is { sync: string } {
  return scope !== undefined && 'sync' in scope;
}
