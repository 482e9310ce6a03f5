import type { KubeObject } from '../../lib/model/kube-object.ts';
import { httpsServer } from './https-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: the rules of a webhook reach deep into objects of many kinds.
type Loose = any;

/** What a webhook is asked about. */
export interface Admission {
  operation: 'CREATE' | 'UPDATE';
  /** The user's name. */
  user: string;
}

/** A mutating admission webhook: a real server that the API server asks before each write. */
export interface AdmissionWebhook {
  url: string;
  caBundle: string;
  /** What it does to an object, in place. It may be set anew at any time. */
  mutate: (object: Loose, admission: Admission) => void;
  /** How many reviews there were. */
  reviews(): number;
  close(): Promise<void>;
}

interface Review {
  request: { uid: string; operation: Admission['operation']; object: KubeObject; userInfo: { username: string } };
}

/** Starts a webhook that changes nothing, before it is told to. */
export async function admissionWebhook(): Promise<AdmissionWebhook> {
  let count = 0;
  const server = await httpsServer(({ body }) => {
    const { request } = body as Review;
    count++;
    const changed = structuredClone(request.object) as Loose;
    webhook.mutate(changed, { operation: request.operation, user: request.userInfo.username });
    const patch = Buffer.from(JSON.stringify(patchOf(request.object, changed))).toString('base64');
    const response = { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch };
    return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
  });
  const webhook: AdmissionWebhook = {
    url: `https://127.0.0.1:${server.port}/mutate`,
    caBundle: server.caBundle,
    mutate: () => undefined,
    reviews: () => count,
    close: server.close,
  };
  return webhook;
}

/** A JSON patch that gives each top-level field its new value. */
function patchOf(before: Loose, after: Loose): unknown[] {
  const changed = Object.keys(after).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return changed.map((key) => ({ op: 'add', path: `/${key}`, value: after[key] }));
}
