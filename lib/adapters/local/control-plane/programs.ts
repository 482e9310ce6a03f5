import { join } from 'node:path';
import type { ControlPlaneBinaries } from './binaries.ts';
import type { Program } from './child.ts';
import { PKI_FILES } from './pki.ts';

/** The ports of a control plane, all on 127.0.0.1. */
export interface Ports {
  apiServer: number;
  etcdClient: number;
  etcdPeer: number;
}

/** Flags to add or to replace, without the dashes; null takes one away. */
export type Flags = Record<string, string | null>;

/** What the command lines are made from. */
export interface Layout {
  /** The folder of the control plane. */
  dir: string;
  binaries: ControlPlaneBinaries;
  ports: Ports;
  /** True: nothing of this run is wanted later, so etcd need not wait for the disk. */
  ephemeral: boolean;
  controllers: boolean;
  apiServerFlags: Flags;
}

/** The store. Clients need a certificate, as any local process could reach its port. */
export function etcd({ dir, binaries, ports, ephemeral }: Layout): Program {
  const client = `https://127.0.0.1:${ports.etcdClient}`;
  const peer = `https://127.0.0.1:${ports.etcdPeer}`;
  const [cert, key, authority] = [pki(dir, 'serverCert'), pki(dir, 'serverKey'), pki(dir, 'authorityCert')];
  return program(dir, 'etcd', binaries.etcd, {
    name: 'windlass',
    'data-dir': join(dir, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `windlass=${peer}`,
    'cert-file': cert,
    'key-file': key,
    'client-cert-auth': 'true',
    'trusted-ca-file': authority,
    'peer-cert-file': cert,
    'peer-key-file': key,
    'peer-client-cert-auth': 'true',
    'peer-trusted-ca-file': authority,
    'enable-grpc-gateway': 'false',
    'auto-compaction-mode': 'periodic',
    'auto-compaction-retention': '30m',
    'unsafe-no-fsync': String(ephemeral),
    'log-level': 'warn',
    // A single member elects itself; a short election only makes the start quicker, a slow heartbeat saves wake-ups.
    'heartbeat-interval': '500',
    'election-timeout': '2500',
    'initial-election-tick-advance': 'true',
  });
}

/** The API server, with RBAC. Without controllers nobody makes service accounts, so pods are admitted without one. */
export function apiServer({ dir, binaries, ports, controllers, apiServerFlags }: Layout): Program {
  return program(dir, 'kube-apiserver', binaries.kubeApiserver, {
    'etcd-servers': `https://127.0.0.1:${ports.etcdClient}`,
    'etcd-cafile': pki(dir, 'authorityCert'),
    'etcd-certfile': pki(dir, 'etcdClientCert'),
    'etcd-keyfile': pki(dir, 'etcdClientKey'),
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'secure-port': String(ports.apiServer),
    'cert-dir': join(dir, 'pki'),
    'tls-cert-file': pki(dir, 'serverCert'),
    'tls-private-key-file': pki(dir, 'serverKey'),
    'client-ca-file': pki(dir, 'authorityCert'),
    'authorization-mode': 'RBAC',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': pki(dir, 'serviceAccountPublic'),
    'service-account-signing-key-file': pki(dir, 'serviceAccountPrivate'),
    'service-cluster-ip-range': '10.96.0.0/16',
    'allow-privileged': 'true',
    'endpoint-reconciler-type': 'none',
    // One server: it needs no lease that tells others that it lives.
    'feature-gates': 'APIServerIdentity=false',
    profiling: 'false',
    ...(controllers ? {} : { 'disable-admission-plugins': 'ServiceAccount' }),
    ...apiServerFlags,
  });
}

/** The controllers: Deployments become pods, claims become volumes, namespaces and owners' children are cleaned up. */
export function controllerManager({ dir, binaries }: Layout): Program {
  return program(dir, 'kube-controller-manager', binaries.kubeControllerManager, {
    kubeconfig: kubeconfigFile(dir, 'kube-controller-manager'),
    'secure-port': '0',
    'leader-elect': 'false',
    'use-service-account-credentials': 'true',
    'service-account-private-key-file': pki(dir, 'serviceAccountPrivate'),
    'root-ca-file': pki(dir, 'authorityCert'),
    'cluster-signing-cert-file': pki(dir, 'authorityCert'),
    'cluster-signing-key-file': pki(dir, 'authorityKey'),
    'enable-hostpath-provisioner': 'true',
    'kube-api-qps': '200',
    'kube-api-burst': '400',
    // The nodes are play: after a laptop's sleep they must not be found dead and their pods evicted.
    'node-monitor-period': '30s',
    'node-monitor-grace-period': '24h',
    profiling: 'false',
  });
}

/** The scheduler. */
export function scheduler({ dir, binaries }: Layout): Program {
  return program(dir, 'kube-scheduler', binaries.kubeScheduler, {
    kubeconfig: kubeconfigFile(dir, 'kube-scheduler'),
    'secure-port': '0',
    'leader-elect': 'false',
    'kube-api-qps': '200',
    'kube-api-burst': '400',
    profiling: 'false',
  });
}

/** The nodes and their kubelets, played by kwok's stages. */
export function kwok({ dir, binaries }: Layout): Program {
  return program(dir, 'kwok', binaries.kwok, {
    kubeconfig: kubeconfigFile(dir, 'kwok'),
    config: binaries.kwokStages,
    'manage-all-nodes': 'true',
    'node-ip': '10.0.0.1',
    cidr: '10.244.0.0/16',
    // No leases: a new kwok would leave the nodes alone until the leases of the one before it have run out.
    'node-lease-duration-seconds': '0',
  });
}

/** Where the kubeconfig of a program is. */
export function kubeconfigFile(dir: string, name: string): string {
  return join(dir, 'pki', `${name}.kubeconfig`);
}

function program(dir: string, name: string, file: string, flags: Flags): Program {
  const args = Object.entries(flags).flatMap(([flag, value]) => (value === null ? [] : [`--${flag}=${value}`]));
  return { name, file, args, logFile: join(dir, 'logs', `${name}.log`) };
}

function pki(dir: string, file: keyof typeof PKI_FILES): string {
  return join(dir, 'pki', PKI_FILES[file]);
}
