import { issueClientCertificate, type Pki, type User } from './pki.ts';

/** A kubeconfig (JSON, which is YAML) of one user, that holds all it needs. */
export function kubeconfigFor(pki: Pki, server: string, user: User, now: Date): string {
  const client = issueClientCertificate(pki, user, now);
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'windlass',
    clusters: [{ name: 'windlass', cluster: { server, 'certificate-authority-data': base64(pki.authority.certPem) } }],
    users: [
      {
        name: user.name,
        user: { 'client-certificate-data': base64(client.certPem), 'client-key-data': base64(client.keyPem) },
      },
    ],
    contexts: [{ name: 'windlass', context: { cluster: 'windlass', user: user.name } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
