import { isAllowed } from './allowed.ts';
import {
  controller,
  type Edit,
  editing,
  kubectlPatch,
  type Loose,
  type Operator,
  pathOf,
  program,
  putAt,
  rewriting,
  type Subject,
} from './edit.ts';
import { manifestAt } from './forms.ts';
import type { Hand } from './oracle.ts';
import { type Step, textOf } from './path.ts';
import type { Site } from './sites.ts';
import { otherValues } from './values.ts';

const isChangeable = (subject: Subject) => (site: Site) =>
  isAllowed(subject.git.kind, site) &&
  ['string', 'number', 'boolean'].includes(typeof site.value) &&
  site.git !== undefined &&
  site.git !== null &&
  !site.inside &&
  !site.isKey &&
  !site.isItem;

/** Scalars of Git's, in an order by lot. */
const scalars = (subject: Subject, most = 6) =>
  subject.random.shuffled(subject.sites.filter(isChangeable(subject))).slice(0, most);

const changes = (subject: Subject, make: (site: Site, value: unknown) => Edit): Edit[] =>
  scalars(subject).flatMap((site) =>
    otherValues(site)
      .slice(0, 2)
      .map((value) => make(site, value)),
  );

/** Server-side apply of one field, as a manifest that has nothing else. */
function applying(subject: Subject, hand: Hand, path: readonly Step[], value: unknown, force: boolean) {
  const { apiVersion, kind, metadata } = subject.git;
  const fields = manifestAt(path, value) as Loose;
  const body = {
    apiVersion,
    kind,
    ...fields,
    metadata: { ...fields.metadata, name: metadata.name, namespace: metadata.namespace },
  };
  return {
    method: 'PATCH',
    path: pathOf(subject, { fieldManager: hand.manager, force: String(force) }),
    body,
    contentType: 'application/apply-patch+yaml',
  } as const;
}

const apply = (manager: string, who: Hand['who']): Hand => ({ manager, operation: 'Apply', who });
const otherTools = [
  apply('kubectl', 'person'),
  apply('k9s', 'person'),
  apply('kustomize-controller', 'program'),
  apply('argocd-controller', 'program'),
  apply('stock-keeper', 'program'),
];

const labelPath = (key: string): Step[] => [{ field: 'metadata' }, { field: 'labels' }, { field: key }];

/** Server-side apply by others, programs and controllers, borrowed names, and what changes nothing. */
export const otherOperators: Operator[] = [
  {
    name: 'server-side apply with force',
    atLeast: 25,
    kinds: 12,
    edits: (subject) =>
      changes(subject, (site, value) => {
        const by = subject.random.pick(otherTools);
        return {
          what: `apply ${site.told} with force by ${by.manager}`,
          by,
          requests: () => [applying(subject, by, site.path, value, true)],
          aim: { path: site.told, as: 'changed' },
        };
      }),
  },
  {
    name: 'server-side apply of a field that nobody has',
    atLeast: 15,
    kinds: 8,
    edits: (subject) => {
      const by = apply(subject.random.pick(['kubectl', 'k9s', 'Lens']), 'person');
      const path = labelPath('example.com/applied');
      return [
        {
          what: `apply a label by ${by.manager}`,
          by,
          requests: () => [applying(subject, by, path, 'yes', false)],
          aim: { path: textOf(path), as: 'added' },
        },
      ];
    },
  },
  {
    name: 'server-side apply of the same value',
    atLeast: 14,
    kinds: 5,
    edits: (subject) =>
      scalars(subject).map((site) => {
        const by = subject.random.pick(otherTools);
        return {
          what: `apply the same ${site.told} by ${by.manager}`,
          by,
          requests: () => [applying(subject, by, site.path, site.value, false)],
          aim: 'silent',
        };
      }),
  },
  {
    name: 'a change in our name by update',
    atLeast: 15,
    kinds: 7,
    edits: (subject) =>
      changes(subject, (site, value) =>
        editing(
          subject,
          { hand: { manager: 'windlass', operation: 'Update', who: 'person' }, form: 'merge' },
          `change ${site.told}`,
          { path: site.told, as: 'changed' },
          (copy) => putAt(copy, site.pointer, value),
        ),
      ),
  },
  {
    name: 'a change by a program',
    atLeast: 15,
    kinds: 6,
    edits: (subject) =>
      changes(subject, (site, value) =>
        editing(subject, program, `change ${site.told}`, { path: site.told, as: 'changed' }, (copy) =>
          putAt(copy, site.pointer, value),
        ),
      ),
  },
  {
    name: 'an addition by a program',
    atLeast: 10,
    kinds: 6,
    edits: (subject) => [
      editing(subject, program, 'add a label', 'silent', (copy) => {
        copy.metadata.labels['example.com/counted'] = 'yes';
      }),
    ],
  },
  {
    name: 'a change by a controller',
    lasts: true,
    atLeast: 12,
    kinds: 5,
    edits: (subject) =>
      // A Service of another type has other fields: no pull can put back what the server drops with it.
      changes(
        {
          ...subject,
          sites: subject.sites.filter(({ told }) => !/^spec\.(type|allocate|ipFam|clusterIP|healthCheck)/.test(told)),
        },
        (site, value) =>
          editing(subject, controller, `change ${site.told}`, 'silent', (copy) => putAt(copy, site.pointer, value)),
      ),
  },
  {
    name: 'a value changed and put back',
    atLeast: 20,
    kinds: 8,
    edits: (subject) =>
      // With another type go fields that come back as defaults, with another account its alias: they then are of who brought them back.
      changes(
        { ...subject, sites: subject.sites.filter(({ told }) => !/\.(type|serviceAccountName)$/.test(told)) },
        (site, value) => {
          const edit = editing(
            subject,
            { ...kubectlPatch, form: 'merge' },
            `change ${site.told} and put it back`,
            'silent',
            (copy) => putAt(copy, site.pointer, value),
          );
          const back = () => {
            const changed = structuredClone(subject.live);
            putAt(changed, site.pointer, value);
            return rewriting(
              subject,
              { ...kubectlPatch, form: 'json' },
              (copy) => putAt(copy, site.pointer, site.value),
              changed,
            );
          };
          return { ...edit, requests: () => [...edit.requests(), back()] };
        },
      ),
  },
  {
    name: 'a key removed and put back',
    atLeast: 14,
    kinds: 5,
    edits: (subject) => {
      const fits = (site: Site) =>
        isAllowed(subject.git.kind, site) &&
        !site.inside &&
        !site.declared &&
        !site.isItem &&
        site.git !== undefined &&
        site.git !== null;
      return subject.random
        .shuffled(subject.sites.filter(fits))
        .slice(0, 4)
        .map((site) => {
          const edit = editing(
            subject,
            { ...kubectlPatch, form: 'json' },
            `remove ${site.told} and put it back`,
            'silent',
            (copy) => putAt(copy, site.pointer, undefined),
          );
          const back = () => {
            const without = structuredClone(subject.live);
            putAt(without, site.pointer, undefined);
            return rewriting(
              subject,
              { ...kubectlPatch, form: 'merge' },
              (copy) => putAt(copy, site.pointer, site.value),
              without,
            );
          };
          return { ...edit, requests: () => [...edit.requests(), back()] };
        });
    },
  },
  {
    name: 'a quantity in other words',
    atLeast: 10,
    kinds: 3,
    edits: (subject) => {
      const fits = (site: Site) =>
        typeof site.value === 'string' &&
        site.git !== undefined &&
        /\.(limits|requests|hard)\b/.test(textOf(site.path)) &&
        respelled(site.value) !== undefined &&
        !site.inside;
      return subject.random
        .shuffled(subject.sites.filter(fits))
        .slice(0, 3)
        .map((site) =>
          editing(
            subject,
            { ...kubectlPatch, form: 'json' },
            `write ${site.told} as ${respelled(site.value as string)}`,
            'silent',
            (copy) => putAt(copy, site.pointer, respelled(site.value as string)),
          ),
        );
    },
  },
  {
    name: 'the same value again',
    atLeast: 10,
    kinds: 5,
    edits: (subject) =>
      scalars(subject).map((site) => ({
        what: `set ${site.told} again`,
        by: kubectlPatch.hand,
        requests: () => [
          {
            method: 'PATCH',
            path: pathOf(subject, { fieldManager: 'kubectl-patch' }),
            contentType: 'application/json-patch+json',
            body: [
              {
                op: 'add',
                path: `/${site.pointer.map((name) => String(name).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
                value: site.value,
              },
            ],
          },
        ],
        aim: 'silent',
      })),
  },
];

/** The same amount in another spelling. */
function respelled(text: string): string | undefined {
  const match = /^(\d+)(m|Mi|Gi|)$/.exec(text);
  if (match === null) return undefined;
  const [, digits, unit] = match;
  if (unit === 'Gi') return `${Number(digits) * 1024}Mi`;
  if (unit === 'Mi') return `${Number(digits) * 1024}Ki`;
  return unit === 'm' ? `${Number(digits) * 1000}u` : `${digits}000m`;
}
