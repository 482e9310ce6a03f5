import { listPath } from '../../../lib/adapters/kubernetes/paths.ts';
import { isAllowed, undeletable } from './allowed.ts';
import { type Edit, kubectlPatch, type Loose, type Operator, pathOf, putAt, rewriting, type Subject } from './edit.ts';
import { type Hand, recreatedAs, strippedAs } from './oracle.ts';
import { otherValues } from './values.ts';
import type { Sent } from './wire.ts';

const creator: Hand = { manager: 'kubectl-create', operation: 'Update', who: 'person' };

/** What deletes the object, and what makes it anew from what the team wrote. */
export const deletion = (subject: Subject): Sent => ({
  method: 'DELETE',
  path: pathOf(subject),
  body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', gracePeriodSeconds: 0 },
});

export function creation({ resource, written }: Subject, change: (copy: Loose) => void = () => {}): Sent {
  const body: Loose = structuredClone(written);
  change(body);
  const path = `${listPath(resource, written.metadata.namespace ?? '')}?fieldManager=kubectl-create`;
  return { method: 'POST', path, body };
}

/** Not Endpoints, nor Services that have such: the server deletes the one with the other. */
export function isDeletable({ git, live }: Subject): boolean {
  const hasEndpoints =
    git.kind === 'Endpoints' || (git.kind === 'Service' && (git as Loose).spec.selector === undefined);
  // That it is gone is no drift: it may have done its work.
  if ((git as Loose).spec?.ttlSecondsAfterFinished !== undefined) return false;
  return !hasEndpoints && !undeletable.has(git.kind) && (live.metadata.finalizers ?? []).length === 0;
}

function recreation(subject: Subject, what: string, change?: (copy: Loose) => void): Edit {
  return {
    what,
    by: creator,
    requests: () => [deletion(subject), creation(subject, change)],
    aim: 'created again',
    expect: (made) => recreatedAs(subject.object, made, creator),
  };
}

/** What happens to an object as a whole, and to what the server knows of its owners. */
export const wholeOperators: Operator[] = [
  {
    name: 'delete',
    atLeast: 20,
    kinds: 9,
    edits: (subject) =>
      isDeletable(subject)
        ? [
            {
              what: 'delete',
              by: creator,
              requests: () => [deletion(subject)],
              aim: 'missing',
              expect: () => ({ object: subject.object, state: 'missing', fields: [] }),
            },
          ]
        : [],
  },
  {
    name: 'delete and create again',
    atLeast: 14,
    kinds: 6,
    edits: (subject) => (isDeletable(subject) ? [recreation(subject, 'create again')] : []),
  },
  {
    name: 'delete and create again with another value',
    atLeast: 8,
    kinds: 3,
    edits: (subject) => {
      if (!isDeletable(subject)) return [];
      const fits = ['data', 'spec', 'webhooks', 'value', 'provisioner'];
      const sites = subject.sites.filter(
        (site) =>
          isAllowed(subject.git.kind, site) &&
          fits.includes(String(site.pointer[0])) &&
          !site.inside &&
          !site.isKey &&
          !site.isItem &&
          site.git === site.value &&
          typeof site.value === 'string' &&
          site.pointer.every((name) => typeof name === 'string'),
      );
      return subject.random
        .shuffled(sites)
        .slice(0, 3)
        .flatMap((site) =>
          otherValues(site)
            .slice(0, 1)
            .flatMap((value) => {
              const holder = site.pointer.slice(0, -1).reduce<Loose>((at, name) => at?.[name], subject.written);
              if (holder?.[site.pointer.at(-1)!] === undefined) return [];
              return [
                recreation(subject, `create again with another ${site.told}`, (copy) =>
                  putAt(copy, site.pointer, value),
                ),
              ];
            }),
        );
    },
  },
  {
    name: 'managedFields emptied',
    atLeast: 12,
    kinds: 4,
    edits: (subject) => [
      {
        what: 'empty managedFields',
        by: kubectlPatch.hand,
        requests: () => [stripping(subject)],
        aim: 'silent',
        expect: (made) => strippedAs(subject.object, made),
      },
    ],
  },
  {
    name: 'managedFields emptied after a change',
    atLeast: 12,
    kinds: 5,
    edits: (subject) => {
      const sites = subject.sites.filter(
        (site) =>
          isAllowed(subject.git.kind, site) &&
          !site.inside &&
          !site.isKey &&
          !site.isItem &&
          site.git !== undefined &&
          ['string', 'number', 'boolean'].includes(typeof site.value),
      );
      return subject.random
        .shuffled(sites)
        .slice(0, 4)
        .flatMap((site) =>
          otherValues(site)
            .slice(0, 2)
            .map((value) => ({
              what: `change ${site.told} and empty managedFields`,
              by: kubectlPatch.hand,
              requests: () => [
                rewriting(subject, kubectlPatch, (copy) => putAt(copy, site.pointer, value)),
                stripping(subject),
              ],
              aim: { path: site.told, as: 'changed' as const },
              expect: (made) => strippedAs(subject.object, made),
            })),
        );
    },
  },
];

function stripping(subject: Subject): Sent {
  return {
    method: 'PATCH',
    path: pathOf(subject, { fieldManager: 'kubectl-patch' }),
    contentType: 'application/json-patch+json',
    body: [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }],
  };
}
