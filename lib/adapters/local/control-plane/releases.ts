import { type BinaryName, type Platform, VERSIONS } from './versions.ts';

/** Where official releases are; tests put a local server here. */
export interface ReleaseHosts {
  kubernetes: string;
  github: string;
  githubApi: string;
}

/** The hosts of the projects themselves. */
export const RELEASE_HOSTS: ReleaseHosts = {
  kubernetes: 'https://dl.k8s.io',
  github: 'https://github.com',
  githubApi: 'https://api.github.com',
};

/** One file to download, and where its checksum is. */
export interface Release {
  name: BinaryName;
  url: string;
  /** The path inside the archive, where it is one. */
  inArchive?: string;
  checksum:
    | { kind: 'file'; url: string }
    /** A list of `hash  name` lines. */
    | { kind: 'list'; url: string; entry: string }
    /** GitHub's own digest of a release's file. */
    | { kind: 'github'; url: string; asset: string };
}

/** Where a program's release is. Kubernetes releases no servers for macOS: there they are kwok's builds of it. */
export function releaseOf(name: BinaryName, platform: Platform, hosts: ReleaseHosts): Release {
  if (name === 'etcd') return etcdRelease(platform, hosts);
  if (name === 'kwok') {
    const asset = `kwok-${platform.os}-${platform.arch}`;
    return githubRelease(name, 'kubernetes-sigs/kwok', `v${VERSIONS.kwok}`, asset, hosts);
  }
  if (platform.os === 'darwin') {
    const tag = `v${VERSIONS.kubernetes}-kwok.0-${platform.os}-${platform.arch}`;
    return githubRelease(name, 'kwok-ci/k8s', tag, name, hosts);
  }
  const url = `${hosts.kubernetes}/release/v${VERSIONS.kubernetes}/bin/${platform.os}/${platform.arch}/${name}`;
  return { name, url, checksum: { kind: 'file', url: `${url}.sha256` } };
}

function etcdRelease({ os, arch }: Platform, hosts: ReleaseHosts): Release {
  const base = `${hosts.github}/etcd-io/etcd/releases/download/v${VERSIONS.etcd}`;
  const folder = `etcd-v${VERSIONS.etcd}-${os}-${arch}`;
  const archive = `${folder}.${os === 'darwin' ? 'zip' : 'tar.gz'}`;
  return {
    name: 'etcd',
    url: `${base}/${archive}`,
    inArchive: `${folder}/etcd`,
    checksum: { kind: 'list', url: `${base}/SHA256SUMS`, entry: archive },
  };
}

function githubRelease(name: BinaryName, repo: string, tag: string, asset: string, hosts: ReleaseHosts): Release {
  return {
    name,
    url: `${hosts.github}/${repo}/releases/download/${tag}/${asset}`,
    checksum: { kind: 'github', url: `${hosts.githubApi}/repos/${repo}/releases/tags/${tag}`, asset },
  };
}
