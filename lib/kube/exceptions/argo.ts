import { nearest } from '../../model/nearest.ts';
import { type Exceptions, isBad, oneOf, type ReadValue } from './wish.ts';

const yesOrNo: ReadValue = oneOf({ true: {}, false: {} });

/** Argo CD's options of a sync, as an annotation holds them (https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/). */
const syncOptions: Readonly<Record<string, ReadValue>> = {
  Prune: oneOf({ false: { prune: 'never' }, confirm: { prune: 'confirm' }, true: {} }),
  Force: oneOf({ true: { recreate: true }, false: {} }),
  // What Windlass does anyway, or what is about something that it does not do.
  PruneLast: yesOrNo,
  ServerSideApply: yesOrNo,
  ClientSideApplyMigration: yesOrNo,
  Validate: yesOrNo,
  Replace: yesOrNo,
  ApplyOutOfSyncOnly: yesOrNo,
  CreateNamespace: yesOrNo,
  FailOnSharedResource: yesOrNo,
  RespectIgnoreDifferences: yesOrNo,
  SkipDryRunOnMissingResource: yesOrNo,
  Delete: oneOf({ true: {}, false: {}, confirm: {} }),
  PrunePropagationPolicy: oneOf({ background: {}, foreground: {}, orphan: {} }),
};

/** Argo CD's options of a comparison: all are about objects that Git does not have, or how Argo CD makes a diff. */
const compareOptions: Readonly<Record<string, ReadValue>> = {
  IgnoreExtraneous: oneOf({ '': {}, true: {}, false: {} }),
  IgnoreResourceUpdates: oneOf({ '': {}, true: {}, false: {} }),
  ServerSideDiff: yesOrNo,
  IncludeMutationWebhook: yesOrNo,
};

/** Argo CD's annotations for exceptions: options with commas between them. */
export const argoAnnotations: Readonly<Record<string, ReadValue>> = {
  'argocd.argoproj.io/sync-options': options(syncOptions),
  'argocd.argoproj.io/compare-options': options(compareOptions),
};

function options(known: Readonly<Record<string, ReadValue>>): ReadValue {
  return (value) => {
    const wishes: Exceptions = {};
    for (const option of value.split(',').map((text) => text.trim())) {
      const [name = '', ...rest] = option.split('=');
      if (name === '') continue;
      const read = Object.hasOwn(known, name) ? known[name]!(rest.join('=')) : unknownOption(name, Object.keys(known));
      if (isBad(read)) return { ...read, message: `${option}: ${read.message}` };
      Object.assign(wishes, read);
    }
    return wishes;
  };
}

function unknownOption(name: string, known: readonly string[]): { message: string; hint: string } {
  const close = nearest(name, known);
  const hint = close === undefined ? `known are ${known.join(', ')}` : `did you mean ${close}?`;
  return { message: 'there is no such option', hint };
}
