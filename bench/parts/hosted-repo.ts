import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificate } from '../../lib/adapters/local/control-plane/certificate.ts';
import { serveGit } from '../../test/standins/git-https.ts';
import { createGitHub } from '../../test/standins/github.ts';

/** A config repo on a server of this process, with what a person or a test does to it. */
export interface HostedRepo {
  url: string;
  /** Makes a branch at the commit that the repo began with. */
  branch(name: string): void;
  /** A person commits files to a branch. */
  push(branch: string, files: Record<string, string>): void;
  head(branch: string): string;
  /** What differs between two commits; of a file that went, no text. */
  changes(before: string, after: string): { path: string; text?: string }[];
}

/** The App that the stand-in of GitHub knows. */
export interface HostedApp {
  id: number;
  installationId: number;
  publicKey: string;
}

/** The stand-in of GitHub, by HTTP on 127.0.0.1. Throws when its packages cannot be installed. */
export async function hostOnGitHub(files: Record<string, string>, app: HostedApp): Promise<HostedRepo> {
  const github = await createGitHub({ files, access: { app }, limit: Number.POSITIVE_INFINITY });
  const { objects } = github.repository;
  const base = github.head('main')!;
  const text = (oid: string) => Buffer.from(objects.blobs.get(oid)!).toString('utf8');
  return {
    url: (await github.listen()).url,
    branch: (name) => github.repository.setRef(`refs/heads/${name}`, base),
    push: (branch, changed) => void github.push(changed, { branch }),
    head: (branch) => github.head(branch)!,
    changes: (before, after) =>
      objects
        .compare(github.commitOf(before).tree, github.commitOf(after).tree)
        .map(({ path, after: now }) => (now === undefined ? { path } : { path, text: text(now.oid) })),
  };
}

/** Git's own server (`git http-backend`) by HTTPS on 127.0.0.1. The certificate's authority is written to `ca.pem` in the directory. */
export async function hostOnGit(files: Record<string, string>, directory: string): Promise<HostedRepo> {
  const gitDir = join(directory, 'config.git');
  const validFrom = new Date(Date.now() - 3600_000);
  const authority = issueCertificate({ commonName: 'bench', use: 'authority', validFrom, days: 2 });
  const certificate = issueCertificate(
    { commonName: '127.0.0.1', use: 'server', hosts: ['127.0.0.1'], validFrom, days: 2 },
    authority,
  );
  writeFileSync(join(directory, 'ca.pem'), authority.certPem);
  const git = (args: string[], input = '') =>
    execFileSync('git', ['--git-dir', gitDir, ...args], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  git(['init', '--quiet', '--bare', '--initial-branch', 'main', gitDir]);
  const push = (branch: string, changed: Record<string, string>) => {
    git(['fast-import', '--quiet'], importOf(branch, headOf(branch), changed));
  };
  const headOf = (branch: string) => git(['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]).trim();
  push('main', files);
  const base = headOf('main');
  const server = await serveGit({ root: directory, user: 'deploy', password: 'bench', certificate });
  return {
    url: `${server.url.replace('https://', 'https://deploy:bench@')}/config.git`,
    branch: (name) => void git(['update-ref', `refs/heads/${name}`, base]),
    push,
    head: headOf,
    changes: (before, after) =>
      git(['diff-tree', '-r', '-z', '--no-renames', '--name-status', before, after])
        .split('\0')
        .flatMap((word, index, words) => (index % 2 === 1 ? [{ path: word, status: words[index - 1] }] : []))
        .map(({ path, status }) => (status === 'D' ? { path } : { path, text: git(['show', `${after}:${path}`]) })),
  };
}

/** One commit as fast-import reads it. */
function importOf(branch: string, parent: string, files: Record<string, string>): string {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  return [
    `commit refs/heads/${branch}\n`,
    `committer Ada <ada@example.com> ${Math.floor(Date.now() / 1000)} +0000\n`,
    data('Change by hand\n'),
    parent === '' ? '' : `from ${parent}\n`,
    ...Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`),
    '\n',
  ].join('');
}
