import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { serve, trustServers } from '../adapters/git/https-server.ts';
import { accountVolume, startPullerOfAccount } from '../helpers/account-volume.ts';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { describeWithNamespaces } from '../helpers/pod.ts';
import { configMap } from '../pull/manifests.ts';
import { makeSshKey, serveGitBySsh } from '../standins/git-ssh.ts';
import { type InstallWorld, installWorld, kubectl } from './install-world.ts';

trustServers();

const system = ['-n', 'windlass-system'];

/** A text that is nowhere else, which no message may repeat. */
const canary = (of: string) => `canary-${of}-${randomBytes(9).toString('hex')}`;
const secrets = {
  ...{ token: canary('token'), wrongToken: canary('wrong-token'), aws: canary('aws') },
  ...{ value: canary('value'), data: canary('data'), byHand: canary('by-hand'), immutable: canary('immutable') },
  ...{
    base64: canary('base64'),
    nested: canary('nested'),
    number: canary('number'),
    certificate: canary('certificate'),
  },
  ...{ twice: canary('twice'), quote: canary('quote'), mapping: canary('mapping'), literal: canary('literal') },
  ...{ field: canary('field'), list: canary('list'), chart: canary('chart'), kind: canary('kind') },
};

const secret = (sync: string, name: string, rest: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name}, namespace: ${sync} }\n${rest}\n`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What cannot be applied, by the sync that has it: each fails at another place, with a value that the error might repeat. */
const broken: Record<string, Record<string, string>> = {
  'no-base64': { 's.yaml': secret('no-base64', 's', `data: { password: "${secrets.base64}!" }`) },
  nested: { 's.yaml': secret('nested', 's', `stringData: { password: { inner: ${secrets.nested} } }`) },
  list: { 's.yaml': secret('list', 's', `stringData: [${secrets.list}]`) },
  number: { 's.yaml': secret('number', 's', `immutable: ${secrets.number}\nstringData: { a: b }`) },
  certificate: {
    's.yaml': secret('certificate', 's', `type: kubernetes.io/tls\nstringData: { tls.crt: ${secrets.certificate} }`),
  },
  field: { 's.yaml': secret('field', 's', `stringDate: { password: ${secrets.field} }`) },
  twice: { 's.yaml': secret('twice', 's', `stringData:\n  password: ${secrets.twice}\n  password: ${secrets.twice}2`) },
  quote: { 's.yaml': secret('quote', 's', `stringData:\n  password: "${secrets.quote}\n  other: 1`) },
  mapping: { 's.yaml': secret('mapping', 's', `stringData:\n  password: ${secrets.mapping}: more: [`) },
  literal: {
    'kustomization.yaml': `secretGenerator:\n  - name: s\n    namespace: literal\n    literals: ["${secrets.literal}"]\n`,
  },
  chart: {
    'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'templates/s.yaml': `${secret('chart', 's', `stringData: { password: ${secrets.chart}: }`)}`,
  },
};

/** Broken by the change of something that was good. */
const immutable = (value: string) => ({
  'immutable/s.yaml': secret('immutable', 's', `immutable: true\nstringData: { password: ${value} }`),
});

const names = ['shop', 'immutable', ...Object.keys(broken)];
const syncOf = (name: string) =>
  `  ${name}: { cluster: test, path: ${name}${name === 'chart' ? ', helm: { namespace: chart }' : ''} }\n`;
const plain = (name: string): Record<string, string> =>
  name === 'chart'
    ? {
        'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
        'chart/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
      }
    : { [`${name}/a.yaml`]: configMap(name, 'a', {}) };
const good = {
  'windlass.yaml': `windlass: 1\nclusters: { test: {} }\nsyncs:\n${names.map(syncOf).join('')}`,
  ...Object.assign({}, ...names.map(plain)),
  'shop/s.yaml': secret(
    'shop',
    's',
    `stringData: { password: ${secrets.value} }\ndata: { other: ${base64(secrets.data)} }`,
  ),
  ...immutable(secrets.immutable),
};
const bad = Object.fromEntries(
  Object.entries(broken).flatMap(([name, files]) =>
    Object.entries(files).map(([file, text]) => [`${name}/${file}`, text]),
  ),
);

/** Everything in the cluster that is no Secret and that a puller may have written, as one text. */
async function written(world: InstallWorld): Promise<string> {
  const kinds = 'events,syncs.windlass.dev,configmaps,leases,namespaces,serviceaccounts';
  const objects = kubectl(world, ['get', kinds, '-A', '-o', 'json', '--show-managed-fields']);
  const records = new ClusterRecords(world.cluster.client);
  const read = await Promise.all(names.map(async (name) => await records.read(name)));
  expect(read.filter((record) => record !== undefined).length).toBe(names.length);
  return [objects, JSON.stringify(read)].join('\n');
}

await describeWithNamespaces('what is secret', () => {
  describeWithCluster('to the puller', () => {
    it('is in no log, report, outbox, Event, Sync, record or error, whatever goes wrong', async () => {
      const world = await installWorld(good);
      const { code, stderr } = await world.install('--yes');
      expect(code, stderr).toBe(0);
      const volume = await accountVolume();
      const account = kubectl(world, ['create', 'token', 'windlass-puller', ...system]).trim();
      const kubeconfig = JSON.parse(kubectl(world, ['config', 'view', '--raw', '-o', 'json']));
      const authority = Buffer.from(kubeconfig.clusters[0].cluster['certificate-authority-data'], 'base64').toString();
      await volume.write({ token: account, 'ca.crt': authority });

      const root = await temporaryFolder();
      await rename(join(world.dir, '.git'), join(root, 'config.git'));
      await writeFile(join(world.dir, '.git'), `gitdir: ${join(root, 'config.git')}\n`);
      const https = await serve(root, secrets.token);
      const keyDir = await temporaryFolder();
      await writeFile(join(keyDir, 'token'), `${secrets.token}\n`);
      const state = await temporaryFolder();
      const env = {
        WINDLASS_REPO: `${https.url}/config.git`,
        ...{ WINDLASS_GIT_KEY_DIR: keyDir, GIT_SSL_CAINFO: process.env['GIT_SSL_CAINFO']!, WINDLASS_STATE_DIR: state },
        // Nobody is there: all reports are kept.
        WINDLASS_REPORT_QUEUE: `http://127.0.0.1:${await freePort()}/000000000000/reports.fifo`,
        ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: secrets.aws },
      };
      const { port } = new URL(kubeconfig.clusters[0].cluster.server);
      const outputs: string[] = [];
      const round = async (changed: Record<string, string> = {}) => {
        const puller = await startPullerOfAccount(volume, port, { ...env, WINDLASS_MODE: 'cron', ...changed });
        await puller.ended();
        outputs.push(puller.output());
        return puller;
      };
      const first = await round();
      const results = (of: typeof first) =>
        Object.fromEntries(of.lines().flatMap(({ sync, result }) => (sync === undefined ? [] : [[sync, result]])));
      expect(results(first), first.output()).toEqual(Object.fromEntries(names.map((name) => [name, 'synced'])));

      await world.commit({ ...bad, ...immutable(`${secrets.immutable}2`) });
      // A person's kubectl leaves the value in an annotation as well.
      const byHand = secret('shop', 's', `stringData: { password: ${secrets.byHand}, added: ${secrets.byHand} }`);
      kubectl(world, ['apply', '--server-side=false', '-f', '-'], byHand);
      const second = await round();
      const failed = Object.keys(broken).concat('immutable');
      expect(results(second), second.output()).toEqual({
        shop: 'synced',
        ...Object.fromEntries(failed.map((name) => [name, 'failed'])),
      });
      expect(second.lines().find(({ sync }) => sync === 'shop')).toMatchObject({ drifting: ['Secret/shop/s'] });

      await writeFile(join(keyDir, 'token'), `${secrets.wrongToken}\n`);
      const wrong = await round();
      expect(wrong.output()).toContain('could not look at the head');
      await writeFile(join(keyDir, 'token'), `${secrets.token}\n`);

      const watching = await startPullerOfAccount(volume, port, { ...env, WINDLASS_MODE: 'watch' });
      await watching.line('last sync', ({ sync }) => sync === names.at(-1));
      await waitFor(async () => (await readFile(join(state, 'outbox.json'), 'utf8')).includes(names.at(-1)!), {
        what: 'the reports are kept',
      });
      watching.child.kill('SIGTERM');
      await watching.ended();
      outputs.push(watching.output(), await readFile(join(state, 'outbox.json'), 'utf8'));

      const key = makeSshKey();
      const ssh = await serveGitBySsh({ root, key: makeSshKey() });
      await writeFile(join(keyDir, 'ssh-privatekey'), key.private);
      await writeFile(join(keyDir, 'known_hosts'), ssh.knownHost);
      const twoKeys = await round({ WINDLASS_REPO: ssh.url });
      expect(twoKeys.output()).toContain('which one counts');
      const sshDir = await temporaryFolder();
      await writeFile(join(sshDir, 'ssh-privatekey'), key.private);
      await writeFile(join(sshDir, 'known_hosts'), ssh.knownHost);
      const refused = await round({ WINDLASS_REPO: ssh.url, WINDLASS_GIT_KEY_DIR: sshDir });
      await ssh.close();
      expect(refused.output()).toContain('could not look at the head');

      const cluster = await written(world);
      expect(cluster).toContain('"kind": "Sync"');
      expect(cluster).toContain('"kind": "Event"');
      expect(cluster).toContain('windlass-outbox');
      const hashKey = JSON.parse(kubectl(world, ['get', 'secret', 'windlass-hash-key', ...system, '-o', 'json'])).data
        .key;
      const all = { ...secrets, account, hashKey, sshKey: key.private.split('\n')[2]! };
      const raw = outputs.join('\n');
      const found = Object.entries(all).filter(([, text]) =>
        [text, base64(text), Buffer.from(text).toString('hex')].some(
          (one) => raw.includes(one) || cluster.includes(one),
        ),
      );
      expect(found.map(([name, text]) => [name, ...around(raw, text), ...around(cluster, text)])).toEqual([]);
    });
  });
});

/** Where it is, for the message of the test. */
function around(text: string, found: string): string[] {
  const at = [found, base64(found)].map((one) => text.indexOf(one)).find((place) => place >= 0);
  return at === undefined ? [] : [text.slice(Math.max(0, at - 300), at + found.length + 100)];
}
