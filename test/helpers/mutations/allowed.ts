import type { Site } from './sites.ts';

/**
 * What must stay as it is, because the API server itself lives by it: another rule there would refuse the next edits, or take a kind away. Each
 * is a pattern of paths that may still be edited; `metadata` always may.
 */
const onlyThese: Record<string, RegExp> = {
  Namespace: /^never/,
  CustomResourceDefinition: /^spec\.names\.(shortNames|categories)/,
  APIService: /^never/,
  MutatingWebhookConfiguration: /\.(timeoutSeconds|caBundle|reinvocationPolicy)$/,
  ValidatingWebhookConfiguration: /\.(timeoutSeconds|caBundle)$/,
  ValidatingAdmissionPolicy: /^never/,
  ValidatingAdmissionPolicyBinding: /^never/,
  MutatingAdmissionPolicy: /^never/,
  MutatingAdmissionPolicyBinding: /^never/,
  FlowSchema: /^spec\.matchingPrecedence$/,
};

/** True for a place that edits may touch. */
export function isAllowed(kind: string, { told, pointer }: Site): boolean {
  // What belongs to the server, to other controllers of it, or keeps an object from being deleted.
  if (/^metadata\.(finalizers|ownerReferences)/.test(told)) return false;
  if (told === 'metadata.labels[kubernetes.io/metadata.name]') return false;
  // An API server of 1.35 panics in the validation of an indexed Job with a success policy and without this.
  if (kind === 'Job' && told === 'spec.completions') return false;
  if (pointer[0] === 'metadata') return true;
  return onlyThese[kind]?.test(told) ?? true;
}

/** Kinds that others stand on, or that wait for a controller to be deleted. */
export const undeletable = new Set([
  'Namespace',
  'CustomResourceDefinition',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'APIService',
  'ServiceAccount',
]);
