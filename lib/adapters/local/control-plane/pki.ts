import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issueCertificate, type KeyPair } from './certificate.ts';
import { writeWhole } from './write-whole.ts';

/** Someone who may speak to the API server: Kubernetes takes both out of the client certificate. */
export interface User {
  name: string;
  groups?: readonly string[];
}

/** The keys and certificates of one control plane. */
export interface Pki {
  authority: KeyPair;
  /** Where the files are; see `PKI_FILES`. */
  dir: string;
}

/** The files of the pki folder that the processes are given. */
export const PKI_FILES = {
  authorityCert: 'ca.crt',
  authorityKey: 'ca.key',
  serverCert: 'server.crt',
  serverKey: 'server.key',
  etcdClientCert: 'etcd-client.crt',
  etcdClientKey: 'etcd-client.key',
  serviceAccountPublic: 'service-account.pub',
  serviceAccountPrivate: 'service-account.key',
} as const;

const HOSTS = ['127.0.0.1', 'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', '10.96.0.1'];

/**
 * Reads the authority and the key of the service accounts that an earlier start left, or makes them: tokens and
 * kubeconfigs that were given out stay good. The certificates of the servers are made anew at each start.
 */
export async function preparePki(dir: string, now: Date): Promise<Pki> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const authority = (await readAuthority(dir, now)) ?? (await makeAuthority(dir, now));
  const server = issueCertificate({ commonName: 'windlass', use: 'server', hosts: HOSTS, ...lifetime(now) }, authority);
  await writePair(dir, PKI_FILES.serverCert, PKI_FILES.serverKey, server);
  const etcdClient = issueCertificate({ commonName: 'kube-apiserver', use: 'client', ...lifetime(now) }, authority);
  await writePair(dir, PKI_FILES.etcdClientCert, PKI_FILES.etcdClientKey, etcdClient);
  return { authority, dir };
}

/** A client certificate, good for a year: `system:masters` is the group of the administrators. */
export function issueClientCertificate(pki: Pki, user: User, now: Date): KeyPair {
  return issueCertificate(
    { commonName: user.name, organizations: user.groups ?? [], use: 'client', ...lifetime(now) },
    pki.authority,
  );
}

/** The authority of a control plane that was started in this pki folder; throws when there is none. */
export async function readPki(dir: string): Promise<Pki> {
  const certPem = await readFile(join(dir, PKI_FILES.authorityCert), 'utf8');
  return { authority: { certPem, keyPem: await readFile(join(dir, PKI_FILES.authorityKey), 'utf8') }, dir };
}

/** An hour back, as the clock of a laptop may be set back a little after sleep. */
function lifetime(now: Date): { validFrom: Date; days: number } {
  return { validFrom: new Date(now.getTime() - 3_600_000), days: 366 };
}

async function readAuthority(dir: string, now: Date): Promise<KeyPair | undefined> {
  try {
    const { authority } = await readPki(dir);
    await readFile(join(dir, PKI_FILES.serviceAccountPrivate));
    const daysLeft = (new X509Certificate(authority.certPem).validToDate.getTime() - now.getTime()) / 86_400_000;
    return daysLeft > 400 ? authority : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeAuthority(dir: string, now: Date): Promise<KeyPair> {
  const lasting = { ...lifetime(now), days: 3660 };
  const authority = issueCertificate({ commonName: 'windlass embedded control plane', use: 'authority', ...lasting });
  await writePair(dir, PKI_FILES.authorityCert, PKI_FILES.authorityKey, authority);
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // kube-apiserver reads EC keys in SEC 1 form.
  await writeWhole(join(dir, PKI_FILES.serviceAccountPublic), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeWhole(join(dir, PKI_FILES.serviceAccountPrivate), keys.privateKey.export({ type: 'sec1', format: 'pem' }));
  return authority;
}

async function writePair(dir: string, certFile: string, keyFile: string, pair: KeyPair): Promise<void> {
  await writeWhole(join(dir, certFile), pair.certPem);
  await writeWhole(join(dir, keyFile), pair.keyPem);
}
