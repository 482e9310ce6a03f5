import { most } from '../model/message-limits.ts';
import { type ObjectId, parseObjectId } from '../model/object-id.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import type { WhoQuestion, WriteRequest } from '../model/who.ts';
import { toolWindow, type Window } from './audit-window.ts';
import type { AuditedWrite } from './ports.ts';

/** The longest name of a manager that the API server keeps, in characters. */
const longestManager = 128;

/**
 * The requests that can have made the difference, each person and tool once, the oldest first. Where a tool is known its requests about that time
 * count; else all that changed the object (or took it away) in the window. What Windlass and the parts of the cluster do is left out.
 */
export function matchRequests(question: WhoQuestion, writes: readonly AuditedWrite[], untold: Window): WriteRequest[] {
  const id = parseObjectId(question.object);
  if (id === undefined) return [];
  const fits = writes.filter((write) => !isOfTheCluster(write) && fitsQuestion(question, id, write, untold));
  const each = new Map<string, WriteRequest>();
  for (const write of fits) {
    const request = requestOf(id, write);
    const { at: _, ...same } = request;
    const key = JSON.stringify(same);
    // The last of equal ones: it is the nearest to what was found.
    each.delete(key);
    each.set(key, request);
  }
  return [...each.values()].slice(-most.requests);
}

function fitsQuestion(question: WhoQuestion, id: ObjectId, write: AuditedWrite, untold: Window): boolean {
  const { tools, gone } = question;
  const isAbout = isAboutObject(id, write);
  const byTool = tools.some(
    (tool) => write.manager.slice(0, longestManager) === tool.manager && isWithin(write, toolWindow(tool) ?? untold),
  );
  if (isAbout && byTool) return true;
  if (!question.untold || !isWithin(write, untold)) return false;
  if (gone && tookAway(id, write)) return true;
  return isAbout && (!gone || write.verb === 'delete' || write.verb === 'create');
}

function isWithin({ at }: AuditedWrite, { from, to }: Window): boolean {
  const time = Date.parse(at);
  return time >= from && time <= to;
}

function isAboutObject(id: ObjectId, { group, resource, subresource, namespace, name }: AuditedWrite): boolean {
  const same = group === id.group && namespace === placeOf(id) && name === id.name;
  return same && subresource !== 'status' && isPluralOf(resource, id.kind);
}

// The API server counts a Namespace among what is inside of it.
function placeOf({ group, kind, namespace, name }: ObjectId): string {
  return group === '' && kind === 'Namespace' ? name : namespace;
}

/** All of its kind at once, or its namespace with everything in it. */
function tookAway(id: ObjectId, write: AuditedWrite): boolean {
  const { verb, group, resource, namespace, name } = write;
  if (verb === 'deletecollection') {
    const where = namespace === '' || namespace === id.namespace;
    return group === id.group && where && isPluralOf(resource, id.kind);
  }
  return verb === 'delete' && group === '' && resource === 'namespaces' && name === id.namespace;
}

/**
 * The API server names resources, and drift kinds. The rule by which kinds get their plural holds for all that Kubernetes has; a custom resource
 * may have any, and is not found then.
 */
export function isPluralOf(resource: string, kind: string): boolean {
  const singular = kind.toLowerCase();
  const regular = [singular, `${singular}s`, `${singular}es`, singular.replace(/y$/, 'ies')];
  return regular.includes(resource);
}

/** Service accounts of other namespaces stay: a pipeline, or somebody's tool. */
function isOfTheCluster({ user }: AuditedWrite): boolean {
  const [, namespace] = /^system:serviceaccount:([^:]+):/.exec(user) ?? [];
  if (namespace !== undefined) return namespace === systemNamespace || namespace === 'kube-system';
  const isPerson = user === 'system:admin' || user === 'system:anonymous';
  return (user.startsWith('system:') && !isPerson) || user.startsWith('eks:');
}

function requestOf(id: ObjectId, write: AuditedWrite): WriteRequest {
  const { at, verb, user, arn, userAgent, sourceIp } = write;
  const on = whatElse(id, write);
  return {
    at,
    verb,
    person: arn ?? user,
    ...(on !== undefined && { on }),
    ...(userAgent !== undefined && { userAgent }),
    ...(sourceIp !== undefined && { sourceIp }),
  };
}

function whatElse(id: ObjectId, write: AuditedWrite): string | undefined {
  if (write.verb === 'deletecollection') return `all ${write.resource}`;
  if (!isAboutObject(id, write)) return 'its namespace';
  return write.subresource;
}
