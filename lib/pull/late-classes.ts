import { classAwaited, isLateClass } from '../kube/status/claim.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { isForbidden } from './list-kind.ts';
import type { Cluster } from './ports.ts';

/** The StorageClasses of claims that are not bound, and which of them make volumes for the first pod alone. Each is asked for once. */
export class LateClasses {
  readonly names = new Set<string>();
  readonly #cluster: Pick<Cluster, 'resource' | 'get'>;
  readonly #asked = new Set<string>();

  constructor(cluster: Pick<Cluster, 'resource' | 'get'>) {
    this.#cluster = cluster;
  }

  /**
   * Asks for the classes of objects that are on their way, where all of them are such claims: else there is something to wait for anyway.
   * True when that makes one of them healthy. A class that may not be read, or is not there, does not. Throws where it cannot be read now.
   */
  async explain(objects: readonly KubeObject[]): Promise<boolean> {
    const classes = objects.map(classAwaited).filter((name) => name !== undefined);
    if (classes.length < objects.length) return false;
    const unknown = [...new Set(classes)].filter((name) => !this.#asked.has(name));
    const late = await Promise.all(unknown.map((name) => this.#isLate(name)));
    for (const [index, name] of unknown.entries()) {
      this.#asked.add(name);
      if (late[index]) this.names.add(name);
    }
    return late.some((is) => is);
  }

  async #isLate(name: string): Promise<boolean> {
    try {
      const resource = await this.#cluster.resource('storage.k8s.io/v1', 'StorageClass');
      const id = { group: 'storage.k8s.io', kind: 'StorageClass', namespace: '', name };
      const found = resource && (await this.#cluster.get(resource, id));
      return found !== undefined && isLateClass(found);
    } catch (error) {
      if (isForbidden(error)) return false;
      throw error;
    }
  }
}
