import { systemNamespace } from '../../model/system-namespace.ts';
import type { Answer, Client } from './client.ts';
import { isAbsent, readError } from './status.ts';
import { makeSystemNamespace } from './system-namespace.ts';

/** A Lease as the API server has it: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/. */
export interface LeaseObject {
  metadata: { name: string; resourceVersion: string; annotations?: Record<string, string> };
  spec: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

/** What a holder writes into its lease. */
export interface LeaseFacts {
  name: string;
  /** Unique for each holding, so that an own write is told from that of another. */
  holder: string;
  /** In milliseconds. */
  duration: number;
  /** Of the program that holds it, for whoever looks after it. */
  version?: string | undefined;
  now: () => Date;
}

/** On a lease: the version of the program that held it last. */
export const versionAnnotation = 'windlass.dev/version';

const leases = `/apis/coordination.k8s.io/v1/namespaces/${systemNamespace}/leases`;

/** Undefined when there is none. Throws when it cannot be read. */
export async function readLease(client: Client, name: string, signal?: AbortSignal): Promise<LeaseObject | undefined> {
  const answer = await client.send({ verb: 'lease', method: 'GET', path: `${leases}/${name}` }, signal);
  if (answer.status === 200) return leaseOf(answer);
  if (isAbsent(answer, name) || isAbsent(answer, systemNamespace)) return undefined;
  throw readError(client.server, `read the lease ${name}`, answer);
}

/** Makes a lease that is held. Undefined when somebody else made it first. */
export async function createLease(client: Client, facts: LeaseFacts): Promise<LeaseObject | undefined> {
  const time = microTime(facts.now());
  const body = objectOf(facts, undefined, { acquireTime: time, renewTime: time, leaseTransitions: 0 });
  for (let attempt = 1; ; attempt++) {
    const answer = await client.send({ verb: 'lease', method: 'POST', path: leases, body: JSON.stringify(body) });
    if (answer.status === 201) return leaseOf(answer);
    if (answer.status === 409) return await ownOrNone(client, facts);
    if (attempt > 1 || !isAbsent(answer, systemNamespace))
      throw readError(client.server, `make the lease ${facts.name}`, answer);
    await makeSystemNamespace(client);
  }
}

/** Writes a lease on condition that it is as it was read. Undefined when it is not: somebody else wrote it. */
export async function putLease(
  client: Client,
  facts: LeaseFacts,
  found: LeaseObject,
  doing: 'take' | 'renew' | 'release',
  signal?: AbortSignal,
): Promise<LeaseObject | undefined> {
  const body = objectOf(facts, found.metadata.resourceVersion, specFor(doing, facts, found));
  const path = `${leases}/${facts.name}`;
  const answer = await client.send({ verb: 'lease', method: 'PUT', path, body: JSON.stringify(body) }, signal);
  if (answer.status === 200) return leaseOf(answer);
  if (answer.status === 409) {
    const own = await ownOrNone(client, facts, signal);
    // A request whose answer was lost is sent again, and then meets what it wrote itself. Else somebody touched a lease that is still ours.
    if (own === undefined || own.spec.renewTime === body.spec.renewTime) return own;
    return await putLease(client, facts, own, doing, signal);
  }
  if (isAbsent(answer, facts.name)) return undefined;
  throw readError(client.server, `${doing} the lease ${facts.name}`, answer);
}

/** For people: who holds it, and since when by the holder's clock. */
export function describeHolder({ spec: { holderIdentity, acquireTime } }: LeaseObject): string {
  const since = acquireTime === undefined ? '' : `, since ${acquireTime} by its clock`;
  return `${holderIdentity || 'nobody'}${since}`;
}

async function ownOrNone(client: Client, facts: LeaseFacts, signal?: AbortSignal): Promise<LeaseObject | undefined> {
  const found = await readLease(client, facts.name, signal);
  return found?.spec.holderIdentity === facts.holder ? found : undefined;
}

function specFor(doing: 'take' | 'renew' | 'release', facts: LeaseFacts, found: LeaseObject): LeaseObject['spec'] {
  const time = microTime(facts.now());
  const { acquireTime, leaseTransitions = 0 } = found.spec;
  if (doing === 'take') return { acquireTime: time, renewTime: time, leaseTransitions: leaseTransitions + 1 };
  if (doing === 'release') return { holderIdentity: '', renewTime: time, leaseTransitions };
  return { acquireTime, renewTime: time, leaseTransitions };
}

function objectOf(facts: LeaseFacts, resourceVersion: string | undefined, spec: LeaseObject['spec']) {
  const { name, holder, duration, version } = facts;
  const labels = { 'app.kubernetes.io/managed-by': 'windlass' };
  const annotations = version === undefined ? undefined : { [versionAnnotation]: version };
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: systemNamespace, labels, annotations, resourceVersion },
    spec: { holderIdentity: holder, leaseDurationSeconds: Math.max(1, Math.round(duration / 1000)), ...spec },
  };
}

function leaseOf({ json }: Answer): LeaseObject {
  const { metadata, spec } = json as LeaseObject;
  return { metadata, spec: spec ?? {} };
}

/** The API server wants exactly six digits after the second. */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
