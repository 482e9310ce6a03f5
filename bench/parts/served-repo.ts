import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificate } from '../../lib/adapters/local/control-plane/certificate.ts';
import { type GitServer, serveGit } from '../../test/standins/git-https.ts';
import { seeded } from './numbers.ts';

/** A repository with a history, in a directory and on a server of this process. */
export interface ServedRepo {
  /** The bare repository. */
  directory: string;
  server: GitServer;
  url: string;
  token: string;
  /** The file that lets git trust the server. */
  caFile: string;
  head(): string;
  /** A person changes one file; answers the commit. */
  change(): string;
}

/** Makes `files` files of about 1 kB in a hundred directories, and `commits` commits that change one of them each. */
export async function serveRepo(root: string, files: number, commits: number): Promise<ServedRepo> {
  const directory = join(root, 'config.git');
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch', 'main', directory]);
  execFileSync('git', ['-C', directory, 'config', 'uploadpack.allowFilter', 'true']);
  const random = seeded(1);
  const git = (args: string[], input = '') =>
    execFileSync('git', ['--git-dir', directory, ...args], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  const first = Array.from({ length: files }, (_, index) => fileOf(index, random));
  const chosen = () => Math.floor(random() * files);
  const history = Array.from({ length: commits }, (_, index) => commitOf(index + 1, [fileOf(chosen(), random)]));
  git(['fast-import', '--quiet', '--done'], `${[commitOf(0, first), ...history].join('')}done\n`);
  git(['repack', '-a', '-d', '--quiet']);

  const validFrom = new Date(Date.now() - 3600_000);
  const authority = issueCertificate({ commonName: 'bench', use: 'authority', validFrom, days: 2 });
  const names = { commonName: '127.0.0.1', use: 'server', hosts: ['127.0.0.1'], validFrom, days: 2 } as const;
  const caFile = join(root, 'ca.pem');
  writeFileSync(caFile, authority.certPem);
  const token = 'bench';
  const certificate = issueCertificate({ ...names, hosts: [...names.hosts] }, authority);
  const server = await serveGit({ root, user: 'x-access-token', password: token, certificate });
  const head = () => git(['rev-parse', 'refs/heads/main']).trim();
  let changes = commits;
  return {
    ...{ directory, server, token, caFile, head },
    url: `${server.url}/config.git`,
    change: () => {
      const commit = commitOf(++changes, [fileOf(chosen(), random)], head());
      git(['fast-import', '--quiet', '--done'], `${commit}done\n`);
      return head();
    },
  };
}

/** A manifest that no other one is alike. */
function fileOf(index: number, random: () => number): [path: string, text: string] {
  const lines = Array.from({ length: 24 }, (_, line) => `    key-${line}: ${random().toString(36).slice(2, 14)}\n`);
  const name = `app-${index}`;
  const text = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  labels: { app: ${name} }\ndata:\n${lines.join('')}`;
  return [`apps/team-${index % 100}/${name}.yaml`, text];
}

function commitOf(index: number, files: readonly [path: string, text: string][], parent?: string): string {
  const from = parent === undefined ? '' : `from ${parent}\n`;
  const written = files.map(([path, text]) => `M 644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`);
  const head = `commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_700_000_000 + index * 60} +0000\n`;
  return `${head}data 7\nChange\n${from}${written.join('')}\n`;
}
