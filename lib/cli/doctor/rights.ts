import type { CheckerSubject, ServedGroup } from '../../install/checker.ts';
import { checkerRules } from '../../install/checker.ts';
import { accountOf } from '../../install/names.ts';
import { pullerRules } from '../../install/puller-account.ts';
import { objectVerbs, type SyncObjects } from '../../install/rights.ts';
import type { PolicyRule } from '../../install/rules.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import { groupOf } from '../../model/object-id.ts';
import type { Right, RightsOf } from '../../model/right.ts';
import { fewOf } from '../../model/shorten.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { Resource } from '../../pull/ports.ts';
import { looked, ok, type Said, unchecked, wrong } from './finding.ts';

/** What rights are asked with. */
export interface RightsDeps {
  /** Those that somebody does not have, by the API server's word. Throws where whoever asks may not know. */
  lacking(whose: RightsOf, rights: readonly Right[]): Promise<Right[]>;
  resource(apiVersion: string, kind: string): Promise<Resource | undefined>;
  served(): Promise<{ groups: ServedGroup[]; unread: string[] }>;
  /** The syncs of the cluster, rendered. */
  syncs(): Promise<SyncObjects[]>;
  /** Who checks for drift; undefined where nobody does. */
  checker: CheckerSubject | undefined;
}

const mostShown = 8;
const puller: RightsOf = { user: accountUser('windlass-puller') };

/** Asks the API server, one by one, for the rights of the puller, of each sync's account, and of the scheduled check. */
export async function checkRights(deps: RightsDeps): Promise<Said[]> {
  const syncs = await deps.syncs().catch(() => undefined);
  const accounts = Map.groupBy(syncs ?? [], accountOf);
  const parts = [
    looked('puller', () => checkPuller([...accounts.keys()], deps)),
    ...[...accounts].map(([account, own]) => looked(account, () => checkAccount(account, own, deps))),
    ...(deps.checker === undefined ? [] : [looked('checker', () => checkChecker(deps.checker!, deps))]),
  ];
  const unknown =
    syncs === undefined
      ? [
          unchecked(
            'accounts',
            'which rights the syncs need is not known: their objects cannot be had',
            'see the part repo',
          ),
        ]
      : [];
  return [...(await Promise.all(parts)).flat(), ...unknown];
}

async function checkPuller(accounts: readonly string[], { lacking }: RightsDeps): Promise<Said> {
  const rights = pullerRules(accounts).flatMap((rule) => rightsIn(rule, systemNamespace));
  return judge('puller', rights, await lacking({ ...puller, groups: groupsOf() }, rights));
}

async function checkAccount(
  account: string,
  syncs: readonly SyncObjects[],
  { lacking, resource }: RightsDeps,
): Promise<Said> {
  const rights = new Map<string, Right>();
  for (const object of syncs.flatMap(({ objects }) => objects)) {
    const kind = await resource(object.apiVersion, object.kind);
    // A kind that the cluster does not know yet comes with its CRD.
    if (kind === undefined) continue;
    for (const right of rightsFor(object, kind)) rights.set(JSON.stringify(right), right);
  }
  const wanted = [...rights.values()];
  return judge(account, wanted, await lacking({ user: accountUser(account), groups: groupsOf() }, wanted));
}

/** Verbs that are asked for by name, of an object that belongs to the whole cluster. */
const namedVerbs = ['get', 'create', 'patch', 'delete'];

/** A namespace is one sync's by its name; of a kind in a namespace a pull reads all. */
function rightsFor({ apiVersion, kind, metadata }: KubeObject, { plural, namespaced }: Resource): Right[] {
  const group = groupOf(apiVersion);
  if (namespaced)
    return objectVerbs.map((verb) => ({ verb, group, resource: plural, namespace: metadata.namespace ?? '' }));
  const verbs = kind === 'Namespace' && group === '' ? namedVerbs : objectVerbs;
  return verbs.map((verb) => ({
    verb,
    group,
    resource: plural,
    ...(namedVerbs.includes(verb) && { name: metadata.name }),
  }));
}

async function checkChecker(subject: CheckerSubject, { lacking, served }: RightsDeps): Promise<Said[]> {
  const { groups, unread } = await served();
  const rights = checkerRules(groups).flatMap((rule) => rightsIn(rule));
  const lost = await lacking(subjectUser(subject), rights);
  const left = unread.map((group) =>
    unchecked('checker', `the group ${group}: its own server does not answer`, 'run this again when it does'),
  );
  const install = 'windlass install --checker gives them (run it again when the cluster has new kinds)';
  return [judge('checker', rights, lost, install), ...left];
}

function rightsIn({ apiGroups = [], resources = [], resourceNames, verbs }: PolicyRule, namespace?: string): Right[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((one) => {
      const [resource = '', subresource] = one.split('/');
      const what = {
        group,
        resource,
        ...(subresource !== undefined && { subresource }),
        ...(namespace !== undefined && { namespace }),
      };
      return verbs.flatMap((verb) =>
        resourceNames === undefined ? [{ verb, ...what }] : resourceNames.map((name) => ({ verb, ...what, name })),
      );
    }),
  );
}

function judge(what: string, rights: readonly Right[], lost: readonly Right[], mend = installs): Said {
  if (lost.length === 0) return ok(what, `has each of its ${rights.length} rights`);
  return wrong(what, `lacks ${lost.length} of ${rights.length} rights: ${fewOf(inWords(lost), mostShown)}`, mend);
}

const installs =
  'windlass install, with the options of before, gives what the objects of Git need; what belongs to the whole cluster needs --cluster-admin SYNC (docs/install.md)';

/** `create, patch deployments.apps in shop` */
function inWords(rights: readonly Right[]): string[] {
  const named = ({ resource, subresource, group, namespace, name }: Right) => {
    const kind = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
    return `${kind}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
  };
  return [...Map.groupBy(rights, named)].map(
    ([kind, own]) => `${[...new Set(own.map(({ verb }) => verb))].join(', ')} ${kind}`,
  );
}

/** How the API server knows a service account: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
function accountUser(account: string, namespace = systemNamespace): string {
  return `system:serviceaccount:${namespace}:${account}`;
}

function groupsOf(namespace = systemNamespace): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
}

function subjectUser(subject: CheckerSubject): RightsOf {
  if (subject.kind === 'ServiceAccount')
    return { user: accountUser(subject.name, subject.namespace), groups: groupsOf(subject.namespace) };
  // Whoever is of the group, and nothing else.
  if (subject.kind === 'Group') return { user: 'windlass:doctor', groups: [subject.name, 'system:authenticated'] };
  return { user: subject.name, groups: ['system:authenticated'] };
}
