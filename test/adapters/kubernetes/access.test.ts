import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accessFromKubeconfig } from '../../../lib/adapters/kubernetes/access.ts';
import { kubeconfigData } from '../../../lib/adapters/kubernetes/kubeconfig-data.ts';
import { kubeconfigByLibrary } from '../../../lib/adapters/kubernetes/kubeconfig-library.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';

async function kubeconfig(
  user: unknown,
  cluster: unknown = { server: 'https://cluster.example:6443/' },
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'windlass-access-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = join(dir, 'kubeconfig');
  const context = { name: 'it', context: { cluster: 'it', user: 'it' } };
  const whole = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'it',
    contexts: [context],
    clusters: [{ name: 'it', cluster }],
    users: [{ name: 'it', user }],
  };
  await writeFile(file, typeof user === 'string' ? user : JSON.stringify(whole));
  return file;
}

const execOf = (script: string) => ({
  exec: {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', script],
    interactiveMode: 'Never',
  },
});

describe('the way in by a kubeconfig', () => {
  it('acts with the groups, the uid and the extra fields of its user, each group in a header of its own', async () => {
    const user = {
      ...{ token: 't0', as: 'ada', 'as-groups': ['one', 'two'], 'as-uid': '7' },
      'as-user-extra': { 'Acme.com/Reason': ['night shift'] },
    };
    const { headers } = await (await accessFromKubeconfig(await kubeconfig(user))).credentials();
    expect(headers).toEqual({
      ...{ authorization: 'Bearer t0', 'impersonate-user': 'ada', 'impersonate-group': ['one', 'two'] },
      ...{ 'impersonate-uid': '7', 'impersonate-extra-acme.com%2freason': ['night shift'] },
    });
  });

  it('refuses to act as somebody that it can only name in part', async () => {
    const refused = async (user: object) => await accessFromKubeconfig(await kubeconfig({ token: 't0', ...user }));
    await expect(refused({ 'as-groups': ['one'] })).rejects.toThrow('without "as"');
    await expect(refused({ as: 'ada', 'as-groups': 'one' })).rejects.toThrow('as-groups of its user is not a list');
    await expect(refused({ as: 'ada', 'as-user-extra': { a: 'b' } })).rejects.toThrow('as-user-extra a');
  });

  it('takes certificates and tokens out of the file', async () => {
    const data = (text: string) => Buffer.from(text).toString('base64');
    const server = {
      server: 'https://cluster.example:6443/',
      'certificate-authority-data': data('the ca'),
      'tls-server-name': 'inside',
    };
    const file = await kubeconfig(
      { token: 't0', 'client-certificate-data': data('the cert'), 'client-key-data': data('the key') },
      server,
    );
    const access = await accessFromKubeconfig(file);
    expect(access.server).toBe('https://cluster.example:6443');
    const { tls, headers } = await access.credentials();
    expect(headers).toEqual({ authorization: 'Bearer t0' });
    expect(Object.fromEntries(Object.entries(tls).map(([name, value]) => [name, String(value)]))).toEqual({
      ca: 'the ca',
      cert: 'the cert',
      key: 'the key',
      servername: 'inside',
    });
  });

  it('asks a plug-in, and asks it again for fresh credentials', async () => {
    const file = await kubeconfig(
      execOf(
        `console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'from-' + process.pid } }))`,
      ),
    );
    const access = await accessFromKubeconfig(file);
    const first = (await access.credentials()).headers['authorization'];
    expect(first).toMatch(/^Bearer from-\d+$/);
    expect((await access.credentials()).headers['authorization']).toBe(first);
    expect((await access.credentials(true)).headers['authorization']).not.toBe(first);
  });

  it('a plug-in that fails may work later; one that is not there is for the user to mend', async () => {
    const failing = await accessFromKubeconfig(
      await kubeconfig(execOf(`console.error('session expired'); process.exit(1)`)),
    );
    await expect(failing.credentials()).rejects.toThrow(RetryableError);
    await expect(failing.credentials()).rejects.toThrow('session expired');
    const missing = await accessFromKubeconfig(
      await kubeconfig({ exec: { command: '/nowhere/plug-in', apiVersion: 'client.authentication.k8s.io/v1' } }),
    );
    await expect(missing.credentials()).rejects.toThrow(UserError);
    await expect(missing.credentials()).rejects.toThrow('there is no program /nowhere/plug-in');
    const unknown = await accessFromKubeconfig(
      await kubeconfig({ exec: { command: 'aws-nope', apiVersion: 'client.authentication.k8s.io/v1' } }),
    );
    await expect(unknown.credentials()).rejects.toThrow('the program aws-nope is not on PATH');
  });

  it.each([
    ['not YAML', '{', undefined, 'is not a kubeconfig'],
    ['another file', 'syncs: []', undefined, 'is not a kubeconfig: it has no contexts'],
    ['plain http', {}, { server: 'http://cluster.example' }, 'is not an https:// address'],
    [
      'a proxy',
      {},
      { server: 'https://cluster.example', 'proxy-url': 'http://proxy.example' },
      'proxy-url is not supported',
    ],
  ])('refuses %s', async (_, user, cluster, message) => {
    const file = await kubeconfig(user, cluster);
    const error = await accessFromKubeconfig(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain(file);
  });

  it('names a file that is not there', async () => {
    await expect(accessFromKubeconfig('/nowhere/kubeconfig')).rejects.toThrow(
      '/nowhere/kubeconfig: there is no such kubeconfig',
    );
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const certificates = {
    'client-certificate-data': base64('the cert'),
    'client-key-data': base64('the key'),
  };

  it.each([
    ['a token', { token: 't0' }, {}],
    ['certificates', certificates, { 'certificate-authority-data': base64('the ca') }],
    ['both, and a name for TLS', { ...certificates, token: 't0' }, { 'tls-server-name': 'inside' }],
    ['a server that is not verified', { token: 't0' }, { 'insecure-skip-tls-verify': true }],
    ['a server that is verified after all', { token: 't0' }, { 'insecure-skip-tls-verify': false }],
    ['a user without anything', {}, {}],
  ])('reads %s by itself, to the same as the library', async (_, user, cluster) => {
    const file = await kubeconfig(user, { server: 'https://cluster.example:6443', ...cluster });
    const data = await kubeconfigData(await readFile(file, 'utf8'));
    const library = await kubeconfigByLibrary(file);
    expect(data?.server).toBe(library.server);
    expect(await data?.authenticate()).toEqual(await library.authenticate());
  });

  it.each([
    ['a plug-in', execOf(''), {}],
    ['a file for the token', { 'token-file': '/somewhere' }, {}],
    ['a file for the key', { 'client-key': 'key.pem', 'client-certificate-data': base64('the cert') }, {}],
    ['another identity', { token: 't0', as: 'somebody' }, {}],
    ['a password', { username: 'me', password: 'secret' }, {}],
    ['a file for the authority', { token: 't0' }, { 'certificate-authority': 'ca.pem' }],
    ['something that is no text', { token: 7 }, {}],
    ['a cluster without a server', { token: 't0' }, { server: undefined }],
  ])('leaves %s to the library', async (_, user, cluster) => {
    const file = await kubeconfig(user, { server: 'https://cluster.example:6443', ...cluster });
    expect(await kubeconfigData(await readFile(file, 'utf8'))).toBeUndefined();
  });

  it('reads YAML, and the context that is current among several', async () => {
    const text = [
      'current-context: b',
      'contexts:',
      '- {name: a, context: {cluster: one, user: one}}',
      '- {name: b, context: {cluster: two, user: two, namespace: shop}}',
      'clusters:',
      '- {name: one, cluster: {server: "https://one.example"}}',
      '- {name: two, cluster: {server: "https://two.example"}}',
      'users:',
      '- {name: one, user: {exec: {command: none}}}',
      '- {name: two, user: {token: t2}}',
    ].join('\n');
    const data = await kubeconfigData(text);
    expect(data?.server).toBe('https://two.example');
    expect((await data?.authenticate())?.headers).toEqual({ authorization: 'Bearer t2' });
    expect(await kubeconfigData(text.replace('name: two, user', 'name: three, user'))).toBeUndefined();
  });

  it('reads the file again for fresh credentials, whatever they have become', async () => {
    const file = await kubeconfig({ token: 't0' });
    const access = await accessFromKubeconfig(file);
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer t0' });
    await writeFile(file, (await readFile(file, 'utf8')).replace('"token":"t0"', '"token":"t1","as":"me"'));
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer t0' });
    expect((await access.credentials(true)).headers).toEqual({
      authorization: 'Bearer t1',
      'impersonate-user': 'me',
    });
  });
});
