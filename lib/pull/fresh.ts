import { syncLabel } from '../kube/normalise.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { type FollowDeps, followKind, followNamespace } from './follow.ts';
import { isForbidden } from './list-kind.ts';
import type { Cluster, Resource, Sleep, Watched } from './ports.ts';

/** Changes come in bursts, as in a roll-out: what comes within this time is one change. In milliseconds. */
const burst = 50;
/** Deadlines and rules of time are looked at this often, at no cost to the API server. */
const second = 1000;
/** The pods of so many namespaces are followed at once; as their workloads become healthy, others take their place. */
const mostPods = 50;

/** What keeping objects fresh needs. */
export interface FreshDeps {
  cluster: Cluster;
  sync: string;
  resources: ReadonlyMap<string, Resource>;
  sleep: Sleep;
  /** Wake whoever waits. */
  signals: readonly AbortSignal[];
}

/** Keeps objects of a sync, and the pods beside them, as they are in the cluster, as long as somebody waits for them. */
export class Fresh {
  /** By name; an object that is gone leaves the map. */
  readonly objects: Map<string, KubeObject>;
  /** By namespace, and there by name; a namespace is missing until its pods were read. */
  readonly pods = new Map<string, Map<string, KubeObject>>();
  readonly #deps: FreshDeps;
  readonly #followed = new Map<string, AbortController>();
  readonly #running = new Set<Promise<void>>();
  #wake = Promise.withResolvers<void>();
  #tick: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;
  readonly #awake = (): void => this.#wake.resolve();

  constructor(objects: Map<string, KubeObject>, deps: FreshDeps) {
    this.objects = objects;
    this.#deps = deps;
    for (const signal of deps.signals) signal.addEventListener('abort', this.#awake);
  }

  /** From now on follows the kinds of these objects, and the pods of these namespaces, and nothing else. */
  async follow(names: readonly string[], podsOf: ReadonlySet<string>): Promise<void> {
    const wanted = new Map<string, (deps: FollowDeps) => Promise<void>>();
    for (const name of names) {
      const resource = this.#deps.resources.get(name)!;
      wanted.set(`kind ${kindOf(resource)}`, (deps) => this.#followKind(resource, deps));
    }
    const pod = podsOf.size === 0 ? undefined : await this.#deps.cluster.resource('v1', 'Pod');
    for (const namespace of pod === undefined ? [] : [...podsOf].slice(0, mostPods)) {
      wanted.set(`pods ${namespace}`, (deps) => this.#followPods(pod!, namespace, deps));
    }
    for (const key of [...this.#followed.keys()].filter((key) => !wanted.has(key))) this.#stop(key);
    for (const [key, follow] of wanted) if (!this.#followed.has(key)) this.#start(key, follow);
  }

  /** Resolves at a change or at one of the signals, and after a second at the latest. Throws when something can be followed no longer. */
  async changed(): Promise<void> {
    const { sleep, signals } = this.#deps;
    this.#tick ??= sleep(second).then(() => {
      this.#tick = undefined;
    });
    await Promise.race([this.#wake.promise, this.#tick]);
    if (signals.every((signal) => !signal.aborted)) await sleep(burst);
    this.#wake = Promise.withResolvers();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Follows nothing any more. */
  async end(): Promise<void> {
    for (const signal of this.#deps.signals) signal.removeEventListener('abort', this.#awake);
    for (const key of [...this.#followed.keys()]) this.#stop(key);
    await Promise.all(this.#running);
  }

  #start(key: string, follow: (deps: FollowDeps) => Promise<void>): void {
    const ending = new AbortController();
    this.#followed.set(key, ending);
    const { cluster, sleep } = this.#deps;
    const running = follow({ cluster, sleep, signal: ending.signal })
      .catch((error: unknown) => {
        if (ending.signal.aborted) return;
        this.#failure ??= { error };
        this.#awake();
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #stop(key: string): void {
    this.#followed.get(key)?.abort();
    this.#followed.delete(key);
  }

  #followKind(resource: Resource, deps: FollowDeps): Promise<void> {
    const ofKind = () =>
      [...this.objects].filter(([name]) => kindOf(this.#deps.resources.get(name)!) === kindOf(resource));
    const objects = ofKind().map(([, object]) => object);
    return followKind(resource, `${syncLabel}=${this.#deps.sync}`, objects, deps, (watched, within) => {
      if (watched.type === 'all') {
        const there = new Set(watched.objects.map(nameOf));
        for (const [name, { metadata }] of ofKind()) {
          if ((within === undefined || metadata.namespace === within) && !there.has(name)) this.objects.delete(name);
        }
      }
      keep(this.objects, watched, nameOf, (name) => this.objects.has(name));
      this.#awake();
    });
  }

  async #followPods(pod: Resource, namespace: string, deps: FollowDeps): Promise<void> {
    const following = followNamespace(pod, namespace, deps, (watched) => {
      const pods = watched.type === 'all' ? new Map<string, KubeObject>() : (this.pods.get(namespace) ?? new Map());
      keep(
        pods,
        watched,
        ({ metadata }) => metadata.name,
        () => true,
      );
      this.pods.set(namespace, pods);
      this.#awake();
    });
    try {
      await following;
    } catch (error) {
      // Pods say why a workload stands still; whether it does, it says itself.
      if (!isForbidden(error)) throw error;
      this.pods.delete(namespace);
    }
  }
}

function keep(
  kept: Map<string, KubeObject>,
  watched: Watched,
  keyOf: (object: KubeObject) => string,
  isWanted: (key: string) => boolean,
): void {
  const objects = watched.type === 'all' ? watched.objects : [watched.object];
  for (const object of objects) {
    const key = keyOf(object);
    if (watched.type === 'gone') kept.delete(key);
    else if (isWanted(key)) kept.set(key, object);
  }
}

function kindOf({ apiVersion, kind }: Resource): string {
  return `${apiVersion} ${kind}`;
}
