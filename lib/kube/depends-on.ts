import type { KubeObject } from '../model/kube-object.ts';
import { formatObjectId, parseObjectId } from '../model/object-id.ts';
import type { BadValue } from './exceptions/wish.ts';

/** Names the objects of the same sync that come first, as they are written everywhere: `apps/Deployment/shop/db, Namespace/shop`. */
export const dependsOnAnnotation = 'windlass.dev/depends-on';
/** The same of cli-utils and Config Sync (https://kubernetes.io/docs/reference/labels-annotations-taints/#config-kubernetes-io-depends-on). */
const foreignAnnotation = 'config.kubernetes.io/depends-on';
/** Argo CD's waves: a whole number, 0 unless told; what has a lower one comes first. */
export const waveAnnotation = 'argocd.argoproj.io/sync-wave';

/** What the annotations of an object say about when it comes. */
export interface OrderWish {
  /** Names of the objects that come first. */
  after: string[];
  wave: number;
  /** What could not be understood; it is as if it were not there. */
  bad: BadValue[];
}

/** True for an object that says something about when it comes. */
export function hasOrderWish({ metadata: { annotations } }: KubeObject): boolean {
  if (annotations === undefined || annotations === null) return false;
  return dependsOnAnnotation in annotations || foreignAnnotation in annotations || waveAnnotation in annotations;
}

/** Reads when an object comes. Our own annotation wins over the one of Config Sync. */
export function orderWishOf({ metadata }: KubeObject): OrderWish {
  const wish: OrderWish = { after: [], wave: 0, bad: [] };
  const own = metadata.annotations?.[dependsOnAnnotation];
  const foreign = metadata.annotations?.[foreignAnnotation];
  if (own !== undefined) readNames(own, dependsOnAnnotation, ownName, wish);
  else if (foreign !== undefined) readNames(foreign, foreignAnnotation, foreignName, wish);
  const wave = metadata.annotations?.[waveAnnotation];
  if (wave !== undefined) readWave(wave, wish);
  return wish;
}

/** A reader of one name, and how such a name looks. */
interface NameReader {
  read(text: string): string | undefined;
  looks: string;
}

const ownName: NameReader = {
  read: (text) => {
    const id = parseObjectId(text);
    return id && formatObjectId(id);
  },
  looks: 'it holds names with commas between them: apps/Deployment/shop/db, Namespace/shop',
};

const foreignName: NameReader = {
  read: (text) => {
    const parts = text.split('/');
    const placed = parts.length === 5 && parts[1] === 'namespaces';
    if (!placed && parts.length !== 3) return undefined;
    const [group = ''] = parts;
    const [kind = '', name = ''] = parts.slice(-2);
    const namespace = placed ? parts[2]! : '';
    if (kind === '' || name === '' || (placed && namespace === '')) return undefined;
    return formatObjectId({ group, kind, namespace, name });
  },
  looks: 'it holds GROUP/namespaces/NAMESPACE/KIND/NAME, or GROUP/KIND/NAME, with commas between them',
};

function readNames(value: string, key: string, { read, looks }: NameReader, wish: OrderWish): void {
  const texts = value.split(',').map((text) => text.trim());
  const named = texts.filter((text) => text !== '');
  if (named.length === 0) wish.bad.push({ key, message: 'it names no object', hint: looks });
  const odd = named.filter((text) => read(text) === undefined);
  for (const text of odd) wish.bad.push({ key, message: `"${text}" is no name of an object`, hint: looks });
  wish.after = [...new Set(named.map(read).filter((name) => name !== undefined))];
}

function readWave(value: string, wish: OrderWish): void {
  const wave = /^[+-]?\d{1,9}$/.test(value.trim()) ? Number(value) : undefined;
  if (wave !== undefined) wish.wave = wave;
  else {
    const message = `"${value}" is not a value that it can have`;
    wish.bad.push({ key: waveAnnotation, message, hint: 'it is a whole number, like -1 or 5' });
  }
}
