import { generateKeyPairSync } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';
import { answerCalls, optionsOf } from './calls.ts';
import { makeConfigRepo } from './config-repo.ts';
import { type HostedRepo, hostOnGit, hostOnGitHub } from './hosted-repo.ts';
import { type Traffic, watchTraffic } from './traffic.ts';

/** What the program is started with. */
export interface ServersOptions {
  /** Files of the config repo. */
  files: number;
  directory: string;
}

/** The kinds of hosts. */
export type HostKind = 'github' | 'git';

/** Where the servers are, and how to come in. */
export interface Places {
  urls: Record<HostKind, string>;
  app: { id: number; installationId: number; privateKey: string };
  table: { endpoint: string; audit: string; state: string };
}

/** What went to a host and to the table, and how long their process was busy with it. */
export interface Exchange {
  host: Traffic;
  table: Traffic;
  /** Milliseconds in which at least one request was being answered. */
  busy: number;
}

export type ServersMethods = typeof methods;

/** Everything that bump reaches over the network, in a process of its own: its time and memory are not those of bump. */
const { files: count, directory } = optionsOf<ServersOptions>();
const traffic = watchTraffic();
const { files } = makeConfigRepo(count);
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const app = { id: 7, installationId: 42 };
const hosts: Record<HostKind, HostedRepo> = {
  github: await hostOnGitHub(files, { ...app, publicKey }),
  git: await hostOnGit(files, directory),
};
const { endpoint } = await startDynalite();
const table = { endpoint, audit: 'windlass-audit', state: 'windlass-state' };
await createTable();

const methods = {
  places: (): Places => ({
    urls: { github: hosts.github.url, git: hosts.git.url },
    app: { ...app, privateKey },
    table,
  }),
  branch: (kind: HostKind, name: string) => hosts[kind].branch(name),
  push: (kind: HostKind, branch: string, changed: Record<string, string>) => hosts[kind].push(branch, changed),
  head: (kind: HostKind, branch: string) => hosts[kind].head(branch),
  changes: (kind: HostKind, before: string, after: string) => hosts[kind].changes(before, after),
  mark: () => traffic.mark(),
  since: async (kind: HostKind): Promise<Exchange> => {
    const { byPort, busy } = await traffic.since();
    const of = (url: string) => byPort.get(Number(new URL(url).port)) ?? { requests: 0, up: 0, down: 0 };
    return { host: of(hosts[kind].url), table: of(endpoint), busy };
  },
};
answerCalls(methods);

async function createTable(): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials });
  for (const name of [table.audit, table.state]) await createRecordsTable(client, name);
  client.destroy();
}
