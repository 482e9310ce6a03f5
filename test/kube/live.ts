import { readFileSync } from 'node:fs';
import type { KubeObject } from '../../lib/model/kube-object.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests reach into real objects of many kinds to change one field.
export type Loose = any;

/** Objects as a real API server 1.35 with its controllers gave them. */
const captured: Record<string, Loose> = JSON.parse(
  readFileSync(new URL('../fixtures/kube/live.json', import.meta.url), 'utf8'),
);

/** A copy of a captured object, changed. */
export function live(name: string, change: (object: Loose) => void = () => {}): KubeObject {
  const object = structuredClone(captured[name]);
  change(object);
  return object;
}

/** Copies of captured objects. */
export function lives(name: string): KubeObject[] {
  return structuredClone(captured[name]);
}
