import type { Candidate, FoundHelm } from './candidate.ts';
import type { FoundEnvironment, Places, ProposedCluster } from './clusters.ts';
import { placeEnvironments } from './clusters.ts';
import { environmentIn, isSameStep, templated, templatedPath, uniqueName, withoutEnvironment } from './names.ts';

/** An entry of `syncs`. */
export interface ProposedSync {
  name: string;
  in?: string[];
  cluster?: string;
  path: string;
  helm?: FoundHelm;
  variables?: Record<string, string>;
  dependsOn?: string[];
  wait?: string;
  prune?: false;
  selfHeal?: false;
  notes: string[];
  /** Why it stands there as a comment alone. */
  off?: string;
  /** What was found, folded into this. */
  candidates: PlacedCandidate[];
}

/** A candidate with the environment that it belongs to, if any. */
interface PlacedCandidate extends Candidate {
  environment?: string;
}

/** Where syncs go, and what goes there. */
export interface FoldedSyncs extends Places {
  syncs: ProposedSync[];
}

/** Folds what differs in its environment alone into one entry with `in` and `{env}`. */
export function foldSyncs(
  candidates: readonly Candidate[],
  options: { given: readonly ProposedCluster[]; apart: boolean },
): FoldedSyncs {
  const placed = candidates.map((one): PlacedCandidate => {
    const environment = one.environment ?? environmentIn(one.path);
    const cluster = one.cluster && givenName(one.cluster, candidates, options.given);
    return { ...one, ...(cluster !== undefined && { cluster }), ...(environment !== undefined && { environment }) };
  });
  const active = placed.filter(({ off }) => off === undefined);
  const environments = environmentsOf(active.length > 0 ? active : placed);
  for (const one of placed) {
    const known = environments.find(({ name }) => name === one.environment);
    // An environment is in one cluster: what says otherwise stands alone.
    const isElsewhere = known?.cluster !== undefined && one.cluster !== undefined && known.cluster !== one.cluster;
    if (known === undefined || isElsewhere) delete one.environment;
  }
  const named = [...new Set(placed.flatMap(({ cluster }) => cluster ?? []))];
  const places = placeEnvironments(environments, named, options);
  return { ...places, syncs: withDependencies(fold(placed, places)) };
}

/** The name that a person gives a cluster which was found by another: `prod` for `production`. */
function givenName(found: string, candidates: readonly Candidate[], given: readonly ProposedCluster[]): string {
  const names = given.map(({ name }) => name);
  if (names.includes(found)) return found;
  const alike = names.filter((name) => isSameStep(found, name));
  if (alike.length === 1) return alike[0]!;
  const isOnly = names.length === 1 && new Set(candidates.map(({ cluster }) => cluster)).size === 1;
  return isOnly ? names[0]! : found;
}

function environmentsOf(placed: readonly PlacedCandidate[]): FoundEnvironment[] {
  const names = [...new Set(placed.flatMap(({ environment }) => environment ?? []))];
  return names.map((name) => {
    const cluster = placed.find((one) => one.environment === name && one.cluster !== undefined)?.cluster;
    return { name, ...(cluster !== undefined && { cluster }) };
  });
}

type Entry = Omit<ProposedSync, 'in' | 'candidates' | 'dependsOn'>;

function fold(placed: readonly PlacedCandidate[], { clusters, environments }: Places): ProposedSync[] {
  const groups = Map.groupBy(placed, (one) => JSON.stringify(entryOf(one, clusters)));
  const taken = new Set<string>();
  return [...groups.values()].map((candidates) => {
    const entry = entryOf(candidates[0]!, clusters);
    const own = environments
      .map(({ name }) => name)
      .filter((name) => candidates.some((one) => one.environment === name));
    return { ...entry, name: uniqueName(entry.name, taken), ...(own.length > 0 && { in: own }), candidates };
  });
}

/** The candidate as an entry, with `{env}` in the place of its environment: what is equal then is one sync. */
function entryOf(one: PlacedCandidate, clusters: readonly ProposedCluster[]): Entry {
  const { environment: env, helm, variables, wait, prune, selfHeal, notes, off } = one;
  const name = env === undefined ? one.name : withoutEnvironment(one.name, env);
  const fill = (text: string) => (env === undefined ? text : templated(text, env));
  const cluster = one.cluster ?? (clusters.length > 1 ? clusters[0]!.name : undefined);
  const isGuess = one.cluster === undefined && clusters.length > 1 && env === undefined && off === undefined;
  return {
    ...{ name, path: env === undefined ? one.path : templatedPath(one.path, env) },
    ...(env === undefined && cluster !== undefined && clusters.length > 1 && { cluster }),
    ...(helm !== undefined && { helm: filledHelm(helm, fill) }),
    ...(variables !== undefined && { variables: mapped(variables, fill) }),
    ...(wait !== undefined && { wait }),
    ...(prune !== undefined && { prune }),
    ...(selfHeal !== undefined && { selfHeal }),
    notes: [...notes, ...(isGuess ? ['which cluster it belongs in is a guess'] : [])],
    ...(off !== undefined && { off }),
  };
}

function filledHelm(helm: FoundHelm, fill: (text: string) => string): FoundHelm {
  return {
    ...helm,
    namespace: fill(helm.namespace),
    ...(helm.release !== undefined && { release: fill(helm.release) }),
    ...(helm.values !== undefined && { values: helm.values.map(fill) }),
  };
}

function mapped(variables: Record<string, string>, to: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, to(value)]));
}

/** Dependencies by the names that their syncs have now; on what is off nothing waits. */
function withDependencies(syncs: readonly ProposedSync[]): ProposedSync[] {
  const keyOf = (wanted: string, from: Candidate) =>
    syncs.find(({ candidates }) =>
      candidates.some((one) => one.name === wanted && one.cluster === from.cluster && one !== from),
    );
  const found = syncs.map((sync) => {
    const wanted = sync.candidates.flatMap((one) => one.dependsOn.flatMap((name) => keyOf(name, one) ?? []));
    const names = [...new Set(wanted)].filter((other) => other !== sync && other.off === undefined);
    return names.length === 0 ? sync : { ...sync, dependsOn: names.map(({ name }) => name) };
  });
  return inOrder(found);
}

/** What is waited for stands first; otherwise as it was found. */
function inOrder(syncs: readonly ProposedSync[]): ProposedSync[] {
  const ordered: ProposedSync[] = [];
  const waiting = [...syncs];
  while (waiting.length > 0) {
    const ready = waiting.findIndex(({ dependsOn = [] }) =>
      dependsOn.every((name) => ordered.some((one) => one.name === name)),
    );
    ordered.push(...waiting.splice(Math.max(0, ready), 1));
  }
  return ordered;
}
