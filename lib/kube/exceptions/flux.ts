import { oneOf, type ReadValue } from './wish.ts';

const fold = { fold: true };

/**
 * Flux's exceptions of kustomize-controller, which it reads in labels as in annotations, whatever the case of the value
 * (https://fluxcd.io/flux/components/kustomize/kustomizations/).
 */
export const fluxKeys: Readonly<Record<string, ReadValue>> = {
  'kustomize.toolkit.fluxcd.io/prune': oneOf({ disabled: { prune: 'never' }, enabled: {} }, fold),
  'kustomize.toolkit.fluxcd.io/ssa': oneOf(
    {
      Override: {},
      Merge: { apply: 'merge' },
      IfNotPresent: { apply: 'once' },
      Ignore: { apply: 'never' },
    },
    fold,
  ),
  'kustomize.toolkit.fluxcd.io/reconcile': oneOf({ disabled: { apply: 'never' }, enabled: {} }, fold),
  'kustomize.toolkit.fluxcd.io/force': oneOf({ enabled: { recreate: true }, disabled: {} }, fold),
};
