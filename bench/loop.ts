import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KubeConfig, Watch } from '@kubernetes/client-node';
import { type KubernetesCluster, openCluster } from '../lib/adapters/kubernetes/cluster.ts';
import type { Incident } from '../lib/model/incident.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { type LocalLoop, settled, startLocal } from './parts/local-loop.ts';
import { percentile, seeded } from './parts/numbers.ts';
import { type Result, time } from './parts/result.ts';
import { pause, until } from './parts/wait.ts';

type Knobs = 'runs' | 'edits';

/** Milliseconds from the push. */
interface Pushed {
  commit: number;
  /** Until the Deployment of the first environment has the image, and until those of both have. */
  first: number;
  both: number;
}

/** Milliseconds from the edit until the incident is on the page, and from then until it is resolved. */
interface Edited {
  incident: number;
  resolved: number;
}

const environments = ['shop-staging', 'shop-prod'];

/** Objects that can be edited without a roll-out: a sync that rolls out is pulled each second, which would find the next edit too soon. */
const targets = environments.flatMap((namespace) => [
  ...['web', 'api', 'worker', 'database'].map((name) => ({
    object: `Service/${namespace}/${name}`,
    path: `/api/v1/namespaces/${namespace}/services/${name}`,
    patch: (mark: string) => ({ spec: { selector: { 'app.kubernetes.io/name': mark } } }),
  })),
  {
    object: `batch/CronJob/${namespace}/report`,
    path: `/apis/batch/v1/namespaces/${namespace}/cronjobs/report`,
    patch: (mark: string) => ({
      spec: {
        jobTemplate: {
          spec: { template: { spec: { containers: [{ name: 'report', image: `example.com/report:${mark}` }] } } },
        },
      },
    }),
  },
]);

/** Two drift checks: an edit comes at any moment between them. In milliseconds. */
const editWindow = 30_000;

await benchmark<Knobs>(import.meta, {
  name: 'loop',
  about: 'the way of a push to Git and the cluster, and of a hand edit to an incident, in `windlass local`.',
  knobs: {
    runs: { usual: 50, quick: 3, help: 'pushes' },
    edits: { usual: 50, quick: 10, help: 'hand edits' },
  },
  limit: 60,
  run,
});

async function run({ knob, dir, signal, say, atEnd }: Context<Knobs>): Promise<Result> {
  const loop = await startLocal(join(dir, 'state'), { signal });
  atEnd(() => loop.stop());
  await settled(loop, signal);
  const random = seeded(Date.now());
  const images = await watchImages(loop, atEnd);
  const pushes: Pushed[] = [];
  for (let turn = 0; turn < knob.runs; turn++) {
    // Not in step with the loop's own rounds.
    await pause(random() * 2000, signal);
    pushes.push(await pushOnce(loop, `1.4.${100 + turn}`, images, signal));
    await settled(loop, signal);
    if (turn % 10 === 0)
      say(`push ${turn + 1}: commit ${time(pushes.at(-1)!.commit)}, cluster ${time(pushes.at(-1)!.both)}`);
  }
  const cluster = await openCluster({ kubeconfig: loop.kubeconfig });
  atEnd(() => cluster.close());
  const page = watchIncidents(loop, atEnd);
  const edits: Edited[] = [];
  while (edits.length < knob.edits) {
    const now = targets.slice(0, knob.edits - edits.length);
    const mark = `hand-${edits.length}`;
    edits.push(
      ...(await Promise.all(
        now.map((target) => editOnce(target, mark, random() * editWindow, { cluster, page, signal })),
      )),
    );
    await settled(loop, signal);
    say(`${edits.length} hand edits: the last was an incident after ${time(edits.at(-1)!.incident)}`);
  }
  return resultOf(pushes, edits);
}

/** Calls back with the image of `web` in an environment, as soon as the API server tells. */
type Images = (listener: (namespace: string, tag: string) => void) => () => void;

async function watchImages(loop: LocalLoop, atEnd: Context<Knobs>['atEnd']): Promise<Images> {
  const config = new KubeConfig();
  config.loadFromFile(loop.kubeconfig);
  const listeners = new Set<(namespace: string, tag: string) => void>();
  const query = { fieldSelector: 'metadata.name=web', timeoutSeconds: 7200 };
  const watching = await new Watch(config).watch(
    '/apis/apps/v1/deployments',
    query,
    (_phase, object) => {
      const { metadata, spec } = object as {
        metadata: { namespace: string };
        spec: { template: { spec: { containers: { image: string }[] } } };
      };
      const tag = spec.template.spec.containers[0]!.image.split(':').at(-1)!;
      for (const listener of listeners) listener(metadata.namespace, tag);
    },
    () => {},
  );
  atEnd(async () => watching.abort());
  return (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
}

/** One push of a new version of `web`, which both environments want. */
async function pushOnce(loop: LocalLoop, tag: string, images: Images, signal: AbortSignal): Promise<Pushed> {
  const head = await readFile(loop.headFile, 'utf8');
  let commit: number | undefined;
  const seen = new Map<string, number>();
  const look = async () => {
    const now = await readFile(loop.headFile, 'utf8').catch(() => head);
    if (now !== head) commit ??= performance.now();
  };
  const files = watch(dirname(loop.headFile), () => void look());
  const forget = images((namespace, found) => {
    if (found === tag && !seen.has(namespace)) seen.set(namespace, performance.now());
  });
  try {
    const begin = performance.now();
    await loop.push('shop/web', tag);
    await until(
      `the commit and the objects of ${tag}`,
      async () => {
        if (commit === undefined) await look();
        return commit !== undefined && environments.every((namespace) => seen.has(namespace)) ? true : undefined;
      },
      { signal, every: 5 },
    );
    const times = environments.map((namespace) => seen.get(namespace)! - begin);
    return { commit: commit! - begin, first: Math.min(...times), both: Math.max(...times) };
  } finally {
    files.close();
    forget();
  }
}

/** The newest incidents of the page. */
function watchIncidents(loop: LocalLoop, atEnd: Context<Knobs>['atEnd']): (object: string) => Incident[] {
  const end = new AbortController();
  let incidents: Incident[] = [];
  let failure: unknown;
  const reading = (async () => {
    for await (const state of loop.states(end.signal)) incidents = state.incidents;
  })().catch((error: unknown) => {
    failure = error;
  });
  atEnd(async () => {
    end.abort();
    await reading;
  });
  return (object) => {
    if (failure !== undefined) throw failure;
    return incidents.filter((incident) => incident.kind === 'drift' && incident.object === object);
  };
}

async function editOnce(
  { object, path, patch }: (typeof targets)[number],
  mark: string,
  wait: number,
  { cluster, page, signal }: { cluster: KubernetesCluster; page: (object: string) => Incident[]; signal: AbortSignal },
): Promise<Edited> {
  await pause(wait, signal);
  const known = new Set(page(object).map(({ key }) => key));
  const begin = performance.now();
  const answer = await cluster.client.send({
    verb: 'apply',
    method: 'PATCH',
    path: `${path}?fieldManager=kubectl-set`,
    body: JSON.stringify(patch(mark)),
    contentType: 'application/strategic-merge-patch+json',
  });
  if (answer.status !== 200) throw new Error(`the edit of ${object} was refused: ${answer.text}`);
  // The page keeps the ten newest resolved incidents: one that is found and put right in one pull is still seen.
  const found = () => page(object).find(({ key }) => !known.has(key));
  await until(`the incident of ${object}`, found, { signal, every: 5 });
  const incident = performance.now() - begin;
  const isOver = () => (found()?.resolvedAt === undefined && found() !== undefined ? undefined : true);
  await until(`the end of the incident of ${object}`, isOver, { signal, every: 20 });
  return { incident, resolved: performance.now() - begin - incident };
}

function resultOf(pushes: readonly Pushed[], edits: readonly Edited[]): Result {
  const row = (what: string, samples: readonly number[]) => [
    what,
    String(samples.length),
    ...[0, 0.5, 0.95, 1].map((share) => time(percentile(samples, share))),
  ];
  return {
    tables: [
      {
        title: 'From one thing to another',
        columns: ['what', 'runs', 'least', 'p50', 'p95', 'most'],
        rows: [
          row(
            'push event in -> commit in the repository',
            pushes.map(({ commit }) => commit),
          ),
          row(
            'push event in -> Deployment changed in the first environment',
            pushes.map(({ first }) => first),
          ),
          row(
            'push event in -> Deployments changed in both environments',
            pushes.map(({ both }) => both),
          ),
          row(
            'hand edit -> incident on the page',
            edits.map(({ incident }) => incident),
          ),
          row(
            'incident -> put right and resolved',
            edits.map(({ resolved }) => resolved),
          ),
        ],
      },
      {
        title: 'Hand edit -> incident, as they are spread',
        columns: ['after', 'edits'],
        rows: spread(edits.map(({ incident }) => incident)),
      },
    ],
    notes: [
      'A push begins with the POST that stands for the event of the registry; each begins when the one before has rolled out, at a random moment of the two seconds after.',
      'Nothing waits for a clock on the way of a push: the commit wakes the loop.',
      'A hand edit is found by whatever looks first, the drift check every 15 s or the pull every 30 s, so the time is spread over up to 15 s by design: the edits come at random moments of a window of 30 s. It is put right by the next pull of its sync, within 30 s.',
      'The edits are made to Services and CronJobs: a sync with a roll-out is pulled each second and would find the next edit sooner.',
    ],
    raw: { pushes, edits },
  };
}

/** How many samples fall into each three seconds. */
function spread(samples: readonly number[]): string[][] {
  const width = 3000;
  const most = Math.floor(Math.max(...samples) / width);
  return Array.from({ length: most + 1 }, (_, index) => [
    `${(index * width) / 1000} to ${((index + 1) * width) / 1000} s`,
    String(samples.filter((sample) => Math.floor(sample / width) === index).length),
  ]);
}
