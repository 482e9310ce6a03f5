import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accessFromKubeconfig } from '../../../lib/adapters/kubernetes/access.ts';
import { contextsOf } from '../../../lib/adapters/kubernetes/kubeconfig.ts';
import { contextMeant } from '../../../lib/cli/local/kubeconfig-context.ts';
import { headsOfCluster } from '../../../lib/cli/local/one-cluster.ts';
import { recentCommits } from '../../../lib/cli/local/recent-commits.ts';
import { readStateOf, refuseAnother, type StateOf } from '../../../lib/cli/local/remembered.ts';
import { readConfig } from '../../../lib/config/windlass-file.ts';
import { UserError } from '../../../lib/model/errors.ts';
import type { Heads } from '../../../lib/pull/heads.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'windlass-test-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** A kubeconfig with a cluster and a token for each context. */
function kubeconfig(path: string, contexts: readonly string[], current?: string): string {
  const named = <T>(what: string, of: (name: string) => T) => contexts.map((name) => ({ name, [what]: of(name) }));
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', ...(current !== undefined && { 'current-context': current }) },
    clusters: named('cluster', (name) => ({ server: `https://${name}.example:6443` })),
    users: named('user', (name) => ({ token: `token-of-${name}` })),
    contexts: named('context', (name) => ({ cluster: name, user: name })),
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

describe('the context that a person means', () => {
  const meant = (asked: Parameters<typeof contextMeant>[0], env: Record<string, string> = {}, cwd = '/') =>
    contextMeant(asked, { env, cwd }, contextsOf);

  it('is the one that is named, else the current one', async () => {
    const file = kubeconfig(join(folder(), 'a'), ['dev', 'prod'], 'dev');
    expect(await meant({ kubeconfig: file })).toEqual({ kubeconfig: file, context: 'dev' });
    expect(await meant({ kubeconfig: file, context: 'prod' })).toEqual({ kubeconfig: file, context: 'prod' });
  });

  it('is looked for in the first file of KUBECONFIG that has it, else in that of the home directory', async () => {
    const dir = folder();
    const [a, b] = [kubeconfig(join(dir, 'a'), ['dev']), kubeconfig(join(dir, 'b'), ['dev', 'prod'], 'prod')];
    const env = { KUBECONFIG: `${join(dir, 'missing')}:${a}:b`, HOME: dir };
    expect(await meant({ context: 'dev' }, env, dir)).toEqual({ kubeconfig: a, context: 'dev' });
    expect(await meant({}, env, dir)).toEqual({ kubeconfig: b, context: 'prod' });
    await expect(meant({ context: 'dev' }, { HOME: dir })).rejects.toThrow(join(dir, '.kube', 'config'));
  });

  it.each([
    [{ context: 'pord' }, /no context "pord" in .*, did you mean "prod"\? \(it has dev, prod\)/],
    [{}, /has no current context: name one with --context \(it has dev, prod\)/],
  ])('is an error where there is none: %j', async (asked, said) => {
    const file = kubeconfig(join(folder(), 'a'), ['dev', 'prod']);
    await expect(meant({ ...asked, kubeconfig: file })).rejects.toThrow(said);
  });

  it('is refused where it is current by name alone', async () => {
    await expect(meant({ kubeconfig: kubeconfig(join(folder(), 'a'), ['dev'], 'gone') })).rejects.toThrow(UserError);
  });

  it('keeps its server and its credentials when another one becomes current', async () => {
    const file = kubeconfig(join(folder(), 'a'), ['dev', 'prod'], 'dev');
    const access = await accessFromKubeconfig(file, 'dev');
    kubeconfig(file, ['dev', 'prod'], 'prod');
    expect(access.server).toBe('https://dev.example:6443');
    expect((await access.credentials(true)).headers).toEqual({ authorization: 'Bearer token-of-dev' });
  });

  it('is told when a file has no contexts at all', async () => {
    const file = join(folder(), 'a');
    writeFileSync(file, 'clusters: []\ncontexts: []\nusers: []\n');
    await expect(accessFromKubeconfig(file, 'dev')).rejects.toThrow('is not a kubeconfig: it has no contexts');
  });
});

describe('the cluster that a state directory is about', () => {
  const dev: StateOf = { kind: 'existing', shown: 'context dev (https://a)', server: 'https://a', uid: '1' };
  const embedded: StateOf = { kind: 'embedded' };

  it.each<[string, StateOf | undefined, StateOf]>([
    ['nothing yet', undefined, dev],
    ['the embedded one', embedded, embedded],
    ['the same one at another address', dev, { ...dev, server: 'https://b', shown: 'other' }],
    ['the same address, where the id may not be read', dev, { ...dev, uid: undefined }],
  ])('may be %s', (_, before, now) => {
    expect(() => refuseAnother('.windlass', before, now)).not.toThrow();
  });

  it.each<[string, StateOf, StateOf, RegExp]>([
    ['the embedded one', embedded, dev, /about the embedded cluster, not about context dev/],
    ['an existing one', dev, embedded, /about context dev .*, not about the embedded cluster/],
    ['another one', dev, { ...dev, server: 'https://b', uid: '2' }, /name another directory with --dir/],
    ['one that was made anew', dev, { ...dev, uid: '2' }, /at https:\/\/a before: .* made anew/],
    ['another address', { ...dev, uid: undefined }, { ...dev, server: 'https://b' }, /not mixed/],
  ])('may not have been %s', (_, before, now, said) => {
    expect(() => refuseAnother('.windlass', before, now)).toThrow(said);
  });

  it('is read as it was written, and anything else is an error', async () => {
    const read = (text: string | undefined) => readStateOf({ read: async () => text }, '.windlass');
    expect(await read(JSON.stringify(dev))).toEqual(dev);
    expect(await read(undefined)).toBeUndefined();
    for (const text of ['', 'null', '{}', '{"kind":"existing"}']) await expect(read(text)).rejects.toThrow(UserError);
  });
});

it('the heads of one cluster have its syncs alone', async () => {
  const text =
    'windlass: 1\nclusters: { a: {}, b: {} }\nsyncs: { x: { cluster: a, path: x }, y: { cluster: b, path: y } }\n';
  const { config } = readConfig(text);
  const heads = { at: async () => ({ config }), config: () => config } as unknown as Heads;
  const only = headsOfCluster(heads, 'b');
  expect(only.config()?.syncs.map(({ name }) => name)).toEqual(['y']);
  expect((await only.at('any')).config.syncs.map(({ name }) => name)).toEqual(['y']);
  expect(config?.syncs).toHaveLength(2);
});

it('the last commits are asked for once in a while, a failure too, and anew after the branch moved', async () => {
  let [asked, time] = [0, 0];
  const ask = async () => {
    asked += 1;
    if (asked === 3) throw new Error('away');
    return [];
  };
  const commits = recentCommits(ask, 1000, () => time);
  await Promise.all([commits.read(), commits.read()]);
  expect(asked).toBe(1);
  commits.forget();
  await commits.read();
  expect(asked).toBe(2);
  time = 1000;
  for (let again = 0; again < 3; again++) await expect(commits.read()).rejects.toThrow('away');
  expect(asked).toBe(3);
});
