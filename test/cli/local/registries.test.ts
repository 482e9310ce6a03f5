import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { splitRegistry } from '../../../lib/cli/local/split-registry.ts';
import { openRegistries } from '../../../lib/cli/local/wiring-registries.ts';
import { UserError } from '../../../lib/model/errors.ts';
import { registryWith } from '../../bump/setup.ts';

const open = (...addresses: string[]) => openRegistries(addresses, { env: {}, stderr: new PassThrough() });

describe('the option --registry', () => {
  it.each([
    ['http://127.0.0.1:5000', '127.0.0.1:5000'],
    ['http://127.0.0.1:5000/', '127.0.0.1:5000'],
    ['127.0.0.1:5000', '127.0.0.1:5000'],
    ['localhost:5000', 'localhost:5000'],
    ['https://GHCR.io', 'ghcr.io'],
    ['ghcr.io', 'ghcr.io'],
    ['http://registry.lan:5000', 'registry.lan:5000'],
    ['https://registry-1.docker.io', 'docker.io'],
  ])('takes %s as the registry of images that begin with %s', (address, host) => {
    const { hosts, has } = open(address);
    expect(hosts).toEqual([host]);
    expect(has(`${host}/shop/web`)).toBe(true);
    expect(has(`other.${host}/shop/web`)).toBe(false);
  });

  it('takes several, and each once', () => {
    expect(open('ghcr.io', 'https://ghcr.io', 'quay.io').hosts).toEqual(['ghcr.io', 'quay.io']);
    expect(open().has('ghcr.io/shop/web')).toBe(false);
  });

  it('knows the images of Docker Hub by their short names', () => {
    expect(open('docker.io').has('nginx')).toBe(true);
  });

  it.each([
    '',
    'http://',
    'ftp://ghcr.io',
    'https://ghcr.io/acme',
    'https://ghcr.io?x=1',
    'https://user:secret@ghcr.io',
    'https://127.0.0.1:5000',
    'a b',
  ])('refuses "%s", and says how it is written', (address) => {
    expect(() => open(address)).toThrow(UserError);
    expect(() => open(address)).toThrow(/--registry .*http/);
    expect(() => open(address)).not.toThrow(/secret/);
  });
});

describe('a registry that is split in two', () => {
  it('asks each for its own repositories alone', async () => {
    const real = registryWith({ tags: async () => [{ tag: 'real' }] });
    const local = registryWith({ tags: async () => [{ tag: 'pretended' }] });
    const split = splitRegistry((repository) => repository.startsWith('127.0.0.1:5000/'), real, local);
    expect(await split.tags('127.0.0.1:5000/shop/web')).toEqual([{ tag: 'real' }]);
    expect(await split.tags('ghcr.io/shop/web')).toEqual([{ tag: 'pretended' }]);
    await expect(split.scan('ghcr.io/shop/web', 'sha256:1')).rejects.toThrow('nobody expected scan');
  });
});
