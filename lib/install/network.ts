import type { KubeObject } from '../model/kube-object.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { installed, pullerName } from './names.ts';
import type { InstallOptions } from './options.ts';
import { repoPort } from './repo-url.ts';

/** The agent of EKS Pod Identity on the pod's own node, which gives the credentials of AWS. */
const podIdentityAgents = ['169.254.170.23/32', 'fd00:ec2::23/128'];

/**
 * Nothing comes in; out go names, the API server, Git and AWS. Where to is left open but for the agent: their addresses change, and a policy
 * knows no names. Enforced where the cluster's network plug-in does so.
 */
export function networkPolicy({ repo, apiPorts }: Pick<InstallOptions, 'repo' | 'apiPorts'>): KubeObject {
  const ports = [...new Set([443, repoPort(repo), ...apiPorts])].sort((a, b) => a - b);
  return installed(
    'networking.k8s.io/v1',
    'NetworkPolicy',
    { name: pullerName, namespace: systemNamespace },
    {
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        egress: [
          {
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
          },
          { ports: ports.map((port) => ({ protocol: 'TCP', port })) },
          {
            to: podIdentityAgents.map((cidr) => ({ ipBlock: { cidr } })),
            ports: [{ protocol: 'TCP', port: 80 }],
          },
        ],
      },
    },
  );
}
