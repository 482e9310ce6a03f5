import type { SyncSpec } from '../../config/config.ts';
import { readConfig } from '../../config/windlass-file.ts';
import { type DesiredObject, desired } from '../../desired/desired.ts';
import type { Renderers, SourceTree } from '../../desired/ports.ts';
import { sourcesOf } from '../../desired/sources.ts';
import { lacksNamespace } from '../../kube/namespaced.ts';
import { isTrouble, messageOf, type Problem } from '../../model/errors.ts';
import { nameOf } from '../../model/kube-object.ts';
import type { Remark } from './candidate.ts';
import type { FoldedSyncs } from './syncs.ts';

/** What rendering shows of proposed syncs. */
export interface Tried {
  /** By the name of the entry: why it cannot be a sync. */
  off: Map<string, string>;
  /** Entries of which two environments declare the same objects: they cannot be in one cluster. */
  apart: Set<string>;
  remarks: Remark[];
}

interface Rendered {
  sync: SyncSpec;
  objects: DesiredObject[];
  problems: Problem[];
}

/** Renders each sync as a pull would, so that nothing is proposed that a pull would refuse. `text` is windlass.yaml with them. */
export async function tryOut(
  { tree, tools }: { tree: SourceTree; tools: Renderers },
  text: string,
  { environments, syncs }: Pick<FoldedSyncs, 'environments' | 'syncs'>,
): Promise<Tried> {
  const tried: Tried = { off: new Map(), apart: new Set(), remarks: [] };
  const { config, problems } = readConfig(text);
  if (config === undefined) return refused(tried, problems);
  const rendered: Rendered[] = [];
  for (const sync of config.syncs) {
    try {
      rendered.push({ sync, ...(await desired({ tree, ...sourcesOf(sync), ...tools })) });
    } catch (error) {
      if (!isTrouble(error)) throw error;
      tried.remarks.push({ about: sync.name, message: `it was not tried: ${messageOf(error)}` });
    }
  }
  for (const { sync, problems: own } of rendered) {
    if (own[0] !== undefined && !tried.off.has(sync.template)) tried.off.set(sync.template, inWords(own));
  }
  const sound = rendered.filter(({ sync }) => !tried.off.has(sync.template));
  claimEach(tried, sound, environments.length > 1);
  tried.remarks.push(...sound.flatMap((one) => placeless(one, namespaceOf(one.sync, syncs))));
  return tried;
}

/** The place of a problem is told, and never the line itself: it may hold what is secret. */
function inWords([first, ...more]: readonly Problem[]): string {
  const { file, line, message } = first!;
  const where = [file, line].filter((part) => part !== undefined).join(':');
  return `it does not render: ${where === '' ? '' : `${where}: `}${message}${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
}

/** A proposal that the rules of windlass.yaml refuse: the syncs that they are about are taken out. */
function refused(tried: Tried, problems: readonly Problem[]): Tried {
  for (const { message } of problems) tried.remarks.push({ about: 'windlass.yaml', message });
  return tried;
}

/** Two syncs of one cluster must not declare one object: with two environments it tells that they have clusters of their own. */
function claimEach(tried: Tried, rendered: readonly Rendered[], hasSeveral: boolean): void {
  const owners = new Map<string, SyncSpec>();
  for (const { sync, objects } of rendered) {
    for (const { object } of objects) {
      const key = `${sync.cluster} ${nameOf(object)}`;
      const owner = owners.get(key) ?? sync;
      owners.set(key, owner);
      if (owner === sync || tried.off.has(sync.template)) continue;
      const isAcross =
        owner.environment !== undefined && sync.environment !== undefined && owner.environment !== sync.environment;
      if (isAcross && hasSeveral) tried.apart.add(sync.template);
      else if (owner.template !== sync.template)
        tried.off.set(sync.template, `${owner.name} declares ${nameOf(object)} as well, and an object has one sync`);
    }
  }
}

/** What a tool gave a namespace that Git does not have. */
function placeless({ sync, objects }: Rendered, namespace: string | undefined): Remark[] {
  const lacking = objects.filter(({ object }) => lacksNamespace(object));
  if (lacking.length === 0) return [];
  const [first] = lacking;
  const more = lacking.length === 1 ? '' : ` and ${lacking.length - 1} more`;
  const names = lacking.length === 1 ? 'names' : 'name';
  const wanted = namespace === undefined ? 'namespace:' : `"namespace: ${namespace}"`;
  const message = `${nameOf(first!.object)}${more} (${first!.origin}) ${names} no namespace, and a pull refuses that: write ${wanted} in the kustomization.yaml, or in each`;
  return [{ about: `sync ${sync.name}`, message }];
}

/** Where the tool that applies it today puts it. */
function namespaceOf({ template, environment }: SyncSpec, syncs: FoldedSyncs['syncs']): string | undefined {
  const candidates = syncs.find(({ name }) => name === template)?.candidates ?? [];
  return candidates.find((one) => one.environment === environment)?.namespace;
}
