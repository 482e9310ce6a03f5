import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, it } from 'vitest';
import { issueCertificate, type KeyPair } from '../../lib/adapters/local/control-plane/certificate.ts';
import { preparePki } from '../../lib/adapters/local/control-plane/pki.ts';
import { writeWhole } from '../../lib/adapters/local/control-plane/write-whole.ts';
import { type AccountVolume, accountVolume, startPullerOfAccount } from '../helpers/account-volume.ts';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { describeWithNamespaces } from '../helpers/pod.ts';
import type { RunningPuller } from '../helpers/puller.ts';
import { type Relay, relayTo } from '../helpers/relay.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { type InstallWorld, installWorld, kubectl } from './install-world.ts';

const system = ['-n', 'windlass-system'];
const settings = (mode: string) => ({ 'shop/settings.yaml': configMap('shop', 'settings', { mode }) });
const files = {
  'windlass.yaml': 'windlass: 1\nclusters: { test: {} }\nsyncs:\n  shop: { cluster: test, path: shop }\n',
  'shop/namespace.yaml': namespace('shop-extra'),
  'shop/secret.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: shop }\nstringData: { a: secret }\n',
  'shop/gone.yaml': configMap('shop-extra', 'gone', {}),
  ...settings('one'),
};

interface Installed {
  world: InstallWorld;
  way: Relay;
  volume: AccountVolume;
  start(mode: 'cron' | 'watch'): Promise<RunningPuller>;
}

/** A cluster after `windlass install`, and the volume of the puller's pod; the API server is reached over a way that can be cut. */
async function installed(options: Parameters<typeof installWorld>[1] = {}): Promise<Installed> {
  const world = await installWorld(files, options);
  const { code, stderr } = await world.install('--yes');
  expect(code, stderr).toBe(0);
  const way = await relayTo(serverOf(world));
  const volume = await accountVolume();
  const start = (mode: string) =>
    startPullerOfAccount(volume, way.port, { WINDLASS_MODE: mode, WINDLASS_REPO: world.dir });
  return { world, way, volume, start };
}

function serverOf(world: InstallWorld): string {
  return JSON.parse(kubectl(world, ['config', 'view', '--raw', '-o', 'json'])).clusters[0].cluster.server;
}

function authorityOf(world: InstallWorld): string {
  return JSON.parse(kubectl(world, ['get', 'configmap', 'kube-root-ca.crt', ...system, '-o', 'json'])).data['ca.crt'];
}

/** A token of the puller's account that is good as long as a Secret of its own is there. */
function tokenOf(world: InstallWorld): { token: string; revoke(): Promise<void> } {
  const secret = `bound-${randomBytes(4).toString('hex')}`;
  kubectl(world, ['create', 'secret', 'generic', secret, ...system]);
  const bound = ['--bound-object-kind=Secret', `--bound-object-name=${secret}`];
  const token = kubectl(world, ['create', 'token', 'windlass-puller', ...bound, ...system]).trim();
  const revoke = async () => {
    kubectl(world, ['delete', 'secret', secret, ...system]);
    const kubeconfig = JSON.parse(kubectl(world, ['config', 'view', '--raw', '-o', 'json']));
    kubeconfig.users[0].user = { token };
    const file = join(await temporaryFolder(), 'kubeconfig');
    await writeFile(file, JSON.stringify(kubeconfig));
    // The API server keeps what it thought of a token for some seconds.
    await waitFor(() => whoAmI(file).includes('Unauthorized'), { what: 'the token is refused', everyMs: 500 });
  };
  return { token, revoke };
}

function whoAmI(kubeconfig: string): string {
  try {
    return kubectl({ kubeconfig }, ['auth', 'whoami']);
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr);
  }
}

async function mode({ world }: Installed): Promise<unknown> {
  return ((await world.live('ConfigMap/shop/settings'))?.['data'] as { mode?: string } | undefined)?.mode;
}

const troubles = (puller: RunningPuller) => puller.lines().filter(({ level }) => level === 'error');

/** Commits another mode, and waits until the puller has pulled it. */
async function bringLive({ world }: Installed, puller: RunningPuller, value: string): Promise<void> {
  const revision = await world.commit(settings(value));
  await puller.line(
    `pull of ${value}`,
    (line) => line.sync === 'shop' && line.revision === revision && line.result === 'synced',
  );
}

await describeWithNamespaces('the puller with the token of its own account', () => {
  describeWithCluster('in a cluster of `windlass install`', () => {
    it('applies, prunes and heals with the installed rights alone', async () => {
      const made = await installed();
      const { world, volume, start } = made;
      await volume.write({ token: tokenOf(world).token, 'ca.crt': authorityOf(world) });
      const round = await start('cron');
      expect(await round.ended(), round.output()).toBe(0);
      // The namespace is there already: install made it, to bind roles in it.
      expect(round.lines().find(({ sync }) => sync === 'shop')).toMatchObject({
        ...{ result: 'synced', Objects: 4 },
        counts: { created: 3 },
      });
      expect(troubles(round)).toEqual([]);

      const puller = await start('watch');
      await puller.line('first pull', ({ sync, result }) => sync === 'shop' && result === 'synced');
      const revision = await world.commit({ ...settings('two'), 'shop/gone.yaml': '' });
      const second = await puller.line('second pull', (line) => line.revision === revision && line.sync === 'shop');
      expect(second).toMatchObject({ result: 'synced', counts: { configured: 1, pruned: 1 } });
      expect(await world.live('ConfigMap/shop-extra/gone')).toBeUndefined();
      // Watches go as the account of the sync: without the right to watch, the next look would come after 10 minutes.
      kubectl(world, ['patch', 'configmap', 'settings', '-n', 'shop', '-p', '{"data":{"mode":"by hand"}}']);
      await waitFor(async () => (await mode(made)) === 'two', { what: 'the edit is undone' });
      expect(await puller.line('healing', ({ Drift }) => Drift === 1)).toMatchObject({
        drifting: ['ConfigMap/shop/settings'],
      });
      puller.child.kill('SIGTERM');
      expect(await puller.ended(), puller.output()).toBe(0);
      expect(troubles(puller)).toEqual([]);
    });

    it('goes on with the token that the kubelet puts in place of the old one, which is refused from then on', async () => {
      const made = await installed();
      const { world, volume, start } = made;
      const authority = authorityOf(world);
      const first = tokenOf(world);
      await volume.write({ token: first.token, 'ca.crt': authority });
      const puller = await start('watch');
      await puller.line('first pull', ({ sync, result }) => sync === 'shop' && result === 'synced');
      const second = tokenOf(world);
      await volume.write({ token: second.token, 'ca.crt': authority });
      await first.revoke();
      await bringLive(made, puller, 'two');
      kubectl(world, ['patch', 'configmap', 'settings', '-n', 'shop', '-p', '{"data":{"mode":"by hand"}}']);
      await waitFor(async () => (await mode(made)) === 'two', { what: 'the edit is undone' });
      expect(troubles(puller)).toEqual([]);

      // Revoked before there is another one: that is told, and ends nothing.
      await second.revoke();
      const revision = await world.commit(settings('three'));
      await puller.line(
        'refusal',
        ({ level, result, ...rest }) =>
          (level === 'error' || result === 'failed') && JSON.stringify(rest).includes('401'),
      );
      const third = tokenOf(world);
      await volume.write({ token: third.token, 'ca.crt': authority });
      await puller.line('third pull', (line) => line.revision === revision && line.result === 'synced');
      expect(await mode(made)).toBe('three');
      expect(puller.child.exitCode).toBeNull();
      for (const { token } of [first, second, third]) expect(puller.output()).not.toContain(token);
    });

    it('trusts the authority that takes the place of the old one, without a new start', async () => {
      const dir = await temporaryFolder();
      const { authority: old } = await preparePki(join(dir, 'pki'), new Date());
      const place = { cert: join(dir, 'own.crt'), key: join(dir, 'own.key') };
      await putServer(place, serverBy(old));
      const flags = { 'tls-cert-file': place.cert, 'tls-private-key-file': place.key };
      const made = await installed({ dir, apiServerFlags: flags });
      const { world, way, volume, start } = made;
      const { token } = tokenOf(world);
      await volume.write({ token, 'ca.crt': old.certPem });
      const puller = await start('watch');
      await puller.line('first pull', ({ sync, result }) => sync === 'shop' && result === 'synced');

      // The API server first: until the kubelet has the new authority nothing can be trusted.
      const next = newAuthority();
      await putServer(place, serverBy(next));
      await presents(serverOf(world), next);
      way.cut();
      way.mend();
      await puller.line('distrust', (line) => JSON.stringify(line).includes('cannot be trusted'));
      await volume.write({ token, 'ca.crt': next.certPem });
      await bringLive(made, puller, 'two');

      // Then both at the same moment: nobody notices.
      const before = troubles(puller).length;
      const last = newAuthority();
      await putServer(place, serverBy(last));
      await presents(serverOf(world), last);
      await volume.write({ token, 'ca.crt': last.certPem });
      way.cut();
      way.mend();
      await bringLive(made, puller, 'three');
      const later = troubles(puller).slice(before);
      expect(later.filter((line) => JSON.stringify(line).includes('trusted'))).toEqual([]);
      expect(await mode(made)).toBe('three');
    });
  });
});

const lasting = { validFrom: new Date(Date.now() - 3_600_000), days: 30 };

function newAuthority(): KeyPair {
  return issueCertificate({ commonName: randomBytes(8).toString('hex'), use: 'authority', ...lasting });
}

function serverBy(authority: KeyPair): KeyPair {
  return issueCertificate({ commonName: 'server', use: 'server', hosts: ['127.0.0.1'], ...lasting }, authority);
}

async function putServer(place: { cert: string; key: string }, { certPem, keyPem }: KeyPair): Promise<void> {
  await writeWhole(place.key, keyPem);
  await writeWhole(place.cert, certPem);
}

/** The API server reads its certificate again by itself. */
async function presents(server: string, authority: KeyPair): Promise<void> {
  const { hostname: host, port } = new URL(server);
  const isTrusted = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect({ host, port: Number(port), ca: authority.certPem }, () => {
        socket.destroy();
        resolve(true);
      }).on('error', () => resolve(false));
    });
  await waitFor(isTrusted, { what: 'the API server has its new certificate', everyMs: 500 });
}
