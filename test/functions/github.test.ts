import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { openRepoPlace } from '../../functions/wiring/github.ts';
import { standIn } from '../helpers/stand-in.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const headers = { 'content-type': 'application/json; charset=utf-8' };
const settings = { repo: 'acme/shop-config', branch: 'main', githubSecret: 'windlass/github' };

it.each([
  ['bump', undefined],
  ['report', undefined],
  ['notify', { contents: 'read' }],
  ['drift', { contents: 'read' }],
  ['who', { contents: 'read' }],
] as const)('%s has tokens of an App that can do no more than it does', async (reader, permissions) => {
  const { fetch, asked } = await standIn({
    'api.github.com': ({ url }) =>
      url.pathname.endsWith('/access_tokens')
        ? {
            status: 201,
            headers,
            body: { token: 't', expires_at: new Date(Date.now() + 3_600_000).toISOString(), permissions: {} },
          }
        : { headers, body: {} },
  });
  const secrets = { read: async () => JSON.stringify({ appId: 7, installationId: 8, privateKey }) };
  const { client, owner, repo } = openRepoPlace(settings, reader, secrets, { fetch });
  await client.repo(owner, repo).rest('GET /repos/{owner}/{repo}', {}, z.unknown());
  expect(JSON.parse(asked[0]!.body)).toEqual({ repositories: ['shop-config'], permissions });
});
