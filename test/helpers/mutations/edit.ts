import { objectPath } from '../../../lib/adapters/kubernetes/paths.ts';
import type { Resource } from '../../../lib/drift/ports.ts';
import type { KubeObject } from '../../../lib/model/kube-object.ts';
import type { Made } from './differences.ts';
import { jsonPatch, mergePatch, strategicPatch } from './forms.ts';
import { type Expected, expectedOf, type Hand } from './oracle.ts';
import type { Random } from './random.ts';
import type { Site } from './sites.ts';
import type { Types } from './types.ts';
import type { Ran, Sent } from './wire.ts';

// biome-ignore lint/suspicious/noExplicitAny: the edits reach deep into objects of all kinds.
export type Loose = any;

/** An object that is to be edited: what Git has of it, what is live, and where. */
export interface Subject {
  /** As `formatObjectId` writes it. */
  object: string;
  /** As it was sent. */
  git: KubeObject;
  /** As a team wrote it, without our label and id. */
  written: KubeObject;
  live: KubeObject;
  resource: Resource;
  types: Types;
  sites: Site[];
  random: Random;
}

/** What an edit is meant to do: a field that its finding must have, or what becomes of the whole object. */
export type Aim =
  | { path: string; as: 'changed' | 'removed' | 'added' | 'reordered' }
  | 'silent'
  | 'told'
  | 'missing'
  | 'created again';

/** One edit by hand, as a tool sends it. */
export interface Edit {
  /** For a person who reads why a test failed. */
  what: string;
  by: Hand;
  /** Made when they are sent: there are many more edits than are tried. */
  requests(): (Sent | Ran)[];
  aim: Aim;
  /** What a check must tell, where it is more than the differences that the edit made. */
  expect?: (made: Made) => Expected | undefined;
}

/** A way to edit objects. */
export interface Operator {
  name: string;
  /** So many of its edits there must be, and on so many kinds. */
  atLeast: number;
  kinds: number;
  /** How many are tried in proportion to the others', where that is not `atLeast`: the server refuses most of some sorts. */
  share?: number;
  /** True where no pull puts right what it does. */
  lasts?: boolean;
  /** Edits to try, in this order: the API server may refuse one. */
  edits(subject: Subject): Edit[];
}

/** A tool that people edit with: how it writes, and how the server learns its name. */
export interface Tool {
  hand: Hand;
  form: 'edit' | 'merge' | 'json' | 'put';
  userAgent?: string;
}

const person = (manager: string, form: Tool['form'], userAgent?: string): Tool => ({
  hand: { manager, operation: 'Update', who: 'person' },
  form,
  ...(userAgent !== undefined && { userAgent }),
});

/** Tools that can change anything. Those with a user agent name no field manager: the server takes the agent's first word. */
export const tools = [
  person('kubectl-edit', 'edit'),
  person('kubectl-patch', 'json'),
  person('kubectl-patch', 'merge'),
  person('kubectl-patch', 'edit'),
  person('kubectl-replace', 'put'),
  person('k9s', 'json'),
  person('Lens', 'json', 'Lens/6.5 (linux; x64)'),
  person('Mozilla', 'put', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'),
  person('curl', 'merge', 'curl/8.14.1'),
] as const;

export const kubectlPatch = tools[1];
export const kubectlReplace = tools[4];

/** A program that nobody has told Windlass about, and a controller. */
export const program: Tool = { hand: { manager: 'stock-keeper', operation: 'Update', who: 'program' }, form: 'merge' };
export const controller: Tool = {
  hand: { manager: 'kube-controller-manager', operation: 'Update', who: 'controller' },
  form: 'merge',
};

/** A tool for this object, by lot. */
export function anyTool({ random }: Subject): Tool {
  return random.pick(tools);
}

/** Where the object is, with the field manager in the query. */
export function pathOf({ resource, git }: Subject, query: Record<string, string> = {}, part = ''): string {
  const text = new URLSearchParams(query).toString();
  return `${objectPath(resource, { namespace: git.metadata.namespace ?? '', name: git.metadata.name })}${part}${text && `?${text}`}`;
}

/** The request by which a tool turns an object into what `change` makes of it. */
export function rewriting(
  subject: Subject,
  tool: Tool,
  change: (copy: Loose) => void,
  from: KubeObject = subject.live,
): Sent {
  const before = withoutManagers(from);
  const after = structuredClone(before);
  change(after);
  const query: Record<string, string> = tool.userAgent === undefined ? { fieldManager: tool.hand.manager } : {};
  const rest = { path: pathOf(subject, query), ...(tool.userAgent !== undefined && { userAgent: tool.userAgent }) };
  if (tool.form === 'put') return { method: 'PUT', ...rest, body: after };
  if (tool.form === 'json') {
    return { method: 'PATCH', ...rest, contentType: 'application/json-patch+json', body: jsonPatch(before, after) };
  }
  const schema = subject.types.kind(subject.git.apiVersion, subject.git.kind);
  const isBuiltIn = !subject.git.apiVersion.includes('.') || subject.git.apiVersion.includes('.k8s.io/');
  const strategic =
    tool.form === 'edit' && isBuiltIn && !isCustomLike(subject.git)
      ? strategicPatch(subject.types, schema!, before as Loose, after)
      : undefined;
  if (strategic !== undefined) {
    return { method: 'PATCH', ...rest, contentType: 'application/strategic-merge-patch+json', body: strategic };
  }
  return {
    method: 'PATCH',
    ...rest,
    contentType: 'application/merge-patch+json',
    body: mergePatch(before as Loose, after),
  };
}

/** CRDs and custom resources are patched by JSON merge: they have no strategic form, or the server does not know it. */
function isCustomLike({ kind, apiVersion }: KubeObject): boolean {
  return (
    kind === 'CustomResourceDefinition' ||
    kind === 'APIService' ||
    !/^(v1|apps\/|batch\/|autoscaling\/|policy\/|[a-z.]+\.k8s\.io\/)/.test(apiVersion)
  );
}

/** An edit of what `change` does, by one tool. */
export function editing(subject: Subject, tool: Tool, what: string, aim: Aim, change: (copy: Loose) => void): Edit {
  return {
    what: `${what} by ${tool.hand.manager}`,
    by: tool.hand,
    requests: () => [rewriting(subject, tool, change)],
    aim,
  };
}

/** The value at a place of a copy, set by `put`, or taken away where that is undefined. */
export function putAt(copy: Loose, pointer: readonly (string | number)[], value: unknown): void {
  const parent = pointer.slice(0, -1).reduce((at, name) => at[name], copy);
  const last = pointer.at(-1)!;
  if (value !== undefined)
    Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}

/** The expectation of an edit: what it says of itself, else the differences it made. */
export function expectationOf(object: string, edit: Edit, made: Made): Expected | undefined {
  return edit.expect === undefined ? expectedOf(object, made, edit.by) : edit.expect(made);
}

function withoutManagers(object: KubeObject): KubeObject {
  const copy = structuredClone(object);
  delete copy.metadata.managedFields;
  return copy;
}
