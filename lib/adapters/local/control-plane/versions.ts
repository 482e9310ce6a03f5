/** The versions of the embedded control plane; the Go modules under go/ name the same ones (a test compares them). */
export const VERSIONS = {
  kubernetes: '1.35.4',
  etcd: '3.6.16',
  kwok: '0.8.0',
} as const;

/** The programs of the control plane, in the order in which they are obtained: an API server needs the first two only. */
export const BINARY_NAMES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;

/** One program of the control plane, as its file is named. */
export type BinaryName = (typeof BINARY_NAMES)[number];

/** Where the programs are made for: Go's words, which the release pages use as well. */
export interface Platform {
  os: 'linux' | 'darwin';
  arch: 'amd64' | 'arm64';
}

/** Node's words for this machine in Go's words, or undefined where no control plane runs (Windows outside WSL, 32 bit). */
export function platformOf(os: string, arch: string): Platform | undefined {
  const goArch = arch === 'x64' ? 'amd64' : arch;
  if ((os !== 'linux' && os !== 'darwin') || (goArch !== 'amd64' && goArch !== 'arm64')) return undefined;
  return { os, arch: goArch };
}
