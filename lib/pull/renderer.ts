import { type Desired, desired } from '../desired/desired.ts';
import type { Kustomizer } from '../desired/ports.ts';
import type { Renderer } from './ports.ts';

/** Renders with a kustomizer and remembers what the last revision gave, so that an unchanged head costs nothing. */
export function rendererWith(kustomizer: Kustomizer): Renderer {
  let revision = '';
  const remembered = new Map<string, Desired>();
  return {
    async render(tree, path) {
      if (tree.revision !== revision) {
        remembered.clear();
        revision = tree.revision;
      }
      const known = remembered.get(path);
      if (known !== undefined) return known;
      const rendered = await desired({ tree, path, kustomizer });
      remembered.set(path, rendered);
      return rendered;
    },
    async versions() {
      return { kustomize: await kustomizer.version() };
    },
  };
}
