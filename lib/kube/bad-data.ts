import type { KubeObject } from '../model/kube-object.ts';
import { isBase64 } from './base64.ts';

/** A value of a ConfigMap or Secret that the API server refuses. The value itself is never told. */
export interface BadDatum {
  /** `data`, `binaryData` or `stringData`. */
  field: string;
  key: string;
  message: string;
  hint: string;
}

/** What the values of each field are: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/. */
const values: Readonly<Record<string, Readonly<Record<string, 'text' | 'base64'>>>> = {
  ConfigMap: { data: 'text', binaryData: 'base64' },
  Secret: { data: 'base64', stringData: 'text' },
};

/** Finds the values of a ConfigMap or Secret that are no texts, or no base64 where they must be, as the API server does. */
export function badData(object: KubeObject): BadDatum[] {
  if (object.apiVersion !== 'v1' || !Object.hasOwn(values, object.kind)) return [];
  return Object.entries(values[object.kind]!).flatMap(([field, form]) => {
    const data = object[field];
    if (typeof data !== 'object' || data === null) return [];
    return Object.entries(data).flatMap(([key, value]) => {
      const wrong = problemOf(value, form, object.kind);
      return wrong === undefined ? [] : [{ field, key, ...wrong }];
    });
  });
}

function problemOf(
  value: unknown,
  form: 'text' | 'base64',
  kind: string,
): Pick<BadDatum, 'message' | 'hint'> | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'string') return { message: 'must be a text', hint: 'quote it' };
  if (form === 'text' || isBase64(value)) return undefined;
  const plain = kind === 'Secret' ? 'stringData' : 'data';
  return { message: 'is no base64', hint: `encode it, or write it as it is in ${plain}` };
}
