import type { Resource } from '../../pull/ports.ts';
import type { Client } from './client.ts';
import { versionPath } from './paths.ts';
import { readError } from './status.ts';

interface ResourceList {
  resources?: { name: string; kind: string; namespaced: boolean; verbs?: string[] }[] | null;
}

interface GroupAnswer {
  versions?: { groupVersion: string }[];
}

/**
 * Which kinds the API server serves, asked per API version and only for those in use: a config repo names about ten of a cluster's
 * fifty to a hundred. What was found is kept; what was not found is asked for again.
 */
export class Discovery {
  readonly #client: Client;
  readonly #versions = new Map<string, Promise<Map<string, Resource>>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Undefined when the server says that it has no such kind. Throws when it cannot say. */
  async resource(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const kept = this.#versions.get(apiVersion);
    const known = (await kept)?.get(kind);
    if (known !== undefined) return known;
    if (this.#versions.get(apiVersion) === kept) this.#ask(apiVersion);
    return (await this.#versions.get(apiVersion))?.get(kind);
  }

  /** The kind at the first of the group's versions that serves it, in the server's order of preference. */
  async preferred(group: string, kind: string): Promise<Resource | undefined> {
    for (const version of await this.#versionsOf(group)) {
      const resource = await this.resource(version, kind);
      if (resource !== undefined) return resource;
    }
    return undefined;
  }

  /** Forgets everything. */
  forget(): void {
    this.#versions.clear();
  }

  async #versionsOf(group: string): Promise<string[]> {
    if (group === '') return ['v1'];
    const answer = await this.#client.send({
      verb: 'discover',
      method: 'GET',
      path: `/apis/${encodeURIComponent(group)}`,
    });
    if (answer.status === 404) return [];
    if (answer.status !== 200) throw readError(this.#client.server, `list the versions of ${group}`, answer);
    return ((answer.json as GroupAnswer).versions ?? []).map(({ groupVersion }) => groupVersion);
  }

  #ask(apiVersion: string): void {
    const asked = this.#fetch(apiVersion);
    this.#versions.set(apiVersion, asked);
    asked.catch(() => this.#versions.delete(apiVersion));
  }

  async #fetch(apiVersion: string): Promise<Map<string, Resource>> {
    const answer = await this.#client.send({ verb: 'discover', method: 'GET', path: versionPath(apiVersion) });
    if (answer.status === 404) return new Map();
    if (answer.status !== 200) throw readError(this.#client.server, `list the kinds of ${apiVersion}`, answer);
    const whole = ((answer.json as ResourceList).resources ?? []).filter(({ name }) => !name.includes('/'));
    return new Map(whole.map(({ name, kind, namespaced }) => [kind, { apiVersion, kind, plural: name, namespaced }]));
  }
}
