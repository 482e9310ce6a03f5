import { createHash } from 'node:crypto';
import type { Desired, DesiredRequest } from '../desired/desired.ts';
import { inputsId } from '../desired/inputs.ts';
import type { Capabilities, Renderers } from '../desired/ports.ts';
import { sourcesOf } from '../desired/sources.ts';
import type { RenderedSync, Renderer, RenderMemory } from './ports.ts';

/** More syncs than these are not remembered: the one that was asked for longest ago is forgotten. */
const mostRemembered = 200;

/**
 * Renders, and remembers: a sync is rendered again only when something that it reads has changed in Git, or its entry in windlass.yaml, a
 * renderer's version, or for a chart what the cluster can do. What has problems is not remembered longer than its revision.
 */
export function rendererWith(renderers: Renderers, memory: RenderMemory = inMemory()): Renderer {
  let revision = '';
  const atRevision = new Map<string, Desired>();
  let capabilities: Promise<Capabilities> | undefined;
  let charts = false;
  const ask = renderers.capabilities;
  const knownCapabilities = ask && (() => (capabilities ??= ask()));
  return {
    async render(tree, sync, options = {}) {
      if (tree.revision !== revision) {
        atRevision.clear();
        revision = tree.revision;
      }
      if (sync.helm !== undefined) {
        charts = true;
        if (options.fresh) capabilities = undefined;
      }
      const sources = sourcesOf(sync);
      const tools = { ...renderers, capabilities: knownCapabilities };
      const key = digest([sources, await toolsOf(sync.helm !== undefined, tools)]);
      const known = atRevision.get(key) ?? (await unchanged(await memory.get(key)));
      const rendered = known ?? (await renderNow({ tree, ...sources, ...tools }));
      atRevision.set(key, rendered);
      if (known === undefined && rendered.problems.length === 0) await remember(key, rendered);
      return rendered;

      async function unchanged(kept: RenderedSync | undefined): Promise<Desired | undefined> {
        if (kept === undefined || (await inputsId(tree, kept.inputs)) !== kept.inputsId) return undefined;
        return { revision: tree.revision, problems: [], inputs: kept.inputs, objects: kept.objects };
      }

      async function remember(key: string, { objects, inputs }: Desired): Promise<void> {
        const id = await inputsId(tree, inputs);
        if (id !== undefined) await memory.put(key, { inputs, inputsId: id, objects });
      }
    },
    async versions() {
      const versions: Record<string, string> = { kustomize: await renderers.kustomizer.version() };
      if (charts && renderers.helm !== undefined) versions['helm'] = await renderers.helm.version();
      return versions;
    },
  };
}

/** What is remembered needs no parser: it is loaded when something is rendered. */
async function renderNow(request: DesiredRequest): Promise<Desired> {
  const { desired } = await import('../desired/desired.ts');
  return await desired(request);
}

/** What decides, beside Git, how a sync is rendered. */
async function toolsOf(isChart: boolean, { kustomizer, helm, capabilities }: Renderers): Promise<unknown> {
  if (!isChart) return [await kustomizer.version()];
  return [await helm?.version(), await capabilities?.()];
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}

function inMemory(): RenderMemory {
  const kept = new Map<string, RenderedSync>();
  return {
    async get(key) {
      const found = kept.get(key);
      // Put at the end: the first is the one that was asked for longest ago.
      if (found !== undefined && kept.delete(key)) kept.set(key, found);
      return found;
    },
    async put(key, rendered) {
      kept.set(key, rendered);
      const [oldest] = kept.keys();
      if (kept.size > mostRemembered && oldest !== undefined) kept.delete(oldest);
    },
  };
}
