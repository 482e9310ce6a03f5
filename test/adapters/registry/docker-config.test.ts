import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dockerCredentials } from '../../../lib/adapters/registry/docker-config.ts';
import { temporaryDirectory } from '../git/repos.ts';

const auth = (text: string) => Buffer.from(text).toString('base64');

function given(content: string | object | undefined) {
  const file = join(temporaryDirectory(), 'config.json');
  if (content !== undefined) writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  const remarks: string[] = [];
  return { ask: dockerCredentials({ file, onRemark: (text) => remarks.push(text) }), remarks, file };
}

describe('what docker login left', () => {
  it.each([
    ['ghcr.io', { 'ghcr.io': { auth: auth('bot:pass:word') } }, { username: 'bot', password: 'pass:word' }],
    ['docker.io', { 'https://index.docker.io/v1/': { auth: auth('acme:p') } }, { username: 'acme', password: 'p' }],
    ['127.0.0.1:5000', { 'http://127.0.0.1:5000/v2/': { auth: auth('a:b') } }, { username: 'a', password: 'b' }],
    ['quay.io', { 'quay.io': { username: 'a', password: 'b' } }, { username: 'a', password: 'b' }],
    ['quay.io', { 'quay.io': { registrytoken: 't' } }, { token: 't' }],
    ['quay.io', { 'ghcr.io': { auth: auth('a:b') } }, undefined],
    ['quay.io', { 'quay.io': { auth: auth('no colon') } }, undefined],
  ])('for %s in %j is %j', async (host, auths, credential) => {
    const { ask, remarks } = given({ auths });
    expect(await ask(host)).toEqual(credential);
    expect(remarks).toEqual([]);
  });

  it.each([
    [{ auths: { 'ghcr.io': {} }, credsStore: 'desktop' }, 'in the credential store desktop'],
    [{ credsStore: 'desktop' }, 'in the credential store desktop'],
    [{ auths: { 'quay.io': {} }, credsStore: 'desktop' }, 'in the credential store desktop'],
    [{ credHelpers: { 'ghcr.io': 'pass' } }, 'with the credential helper pass'],
    [{ auths: { 'ghcr.io': { identitytoken: 'secret' } } }, 'as an identity token'],
  ])('elsewhere (%j) is remarked once', async (config, where) => {
    const { ask, remarks } = given(config);
    expect([await ask('ghcr.io'), await ask('ghcr.io')]).toEqual([undefined, undefined]);
    expect(remarks).toEqual([expect.stringContaining(where)]);
    expect(remarks[0]).toContain('write an `auths` entry for ghcr.io');
    expect(remarks.join()).not.toContain('secret');
  });

  it.each([
    { auths: { 'ghcr.io': {} } },
    { credHelpers: { 'ghcr.io': 'pass' } },
    { auths: { 'quay.io': { auth: auth('a:b') } }, credsStore: 'desktop' },
  ])('nothing is remarked where nothing is kept elsewhere for the host (%j)', async (config) => {
    const { ask, remarks } = given(config);
    await ask('quay.io');
    expect(remarks).toEqual([]);
  });

  it('counts as soon as it is there', async () => {
    const { ask, file } = given(undefined);
    expect(await ask('ghcr.io')).toBeUndefined();
    writeFileSync(file, JSON.stringify({ auths: { 'ghcr.io': { auth: auth('a:b') } } }));
    expect(await ask('ghcr.io')).toEqual({ username: 'a', password: 'b' });
  });

  it.each(['{"auths": {"ghcr.io": {"auth": "c2VjcmV0', '{"auths": "hunter2"}', '[]', 'null'])(
    'that cannot be read (%j) is said without what is in it',
    async (content) => {
      const error = await given(content)
        .ask('ghcr.io')
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'UserError', code: 'docker-config', cause: undefined });
      expect(String(error)).not.toMatch(/c2Vj|hunter2/);
    },
  );
});
