import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub, type GitHub } from '../standins/github.ts';
import { listen } from '../standins/listen.ts';
import { startPrism } from '../standins/prism.ts';
import { adapterAt, personAt } from './config-repo-github.ts';
import { configRepoSuite } from './config-repo-suite.ts';
import type { Make } from './config-repo-under-test.ts';

const can = { pulls: true, setsTime: false };
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const app = { id: 7, publicKey: keys.publicKey };

/** As an App, in process. */
const inProcess: Make = async (files, options = {}) => {
  const github = await createGitHub({ files, access: { app } });
  const { owner, repo, fetch } = github;
  const auth = { app: { id: app.id, privateKey: keys.privateKey } };
  return { ...adapterAt({ owner, repo, fetch, auth, ...options }), ...personAt(github) };
};

/** With a token, by HTTP. */
const byHttp: Make = async (files, options = {}) => {
  const github = await createGitHub({ files, access: { tokens: ['secret'] } });
  const { url, close } = await github.listen();
  onTestFinished(close);
  const { owner, repo } = github;
  return { ...adapterAt({ owner, repo, baseUrl: url, auth: { token: 'secret' }, ...options }), ...personAt(github) };
};

describeWithStandins('GitHub by our stand-in', () => {
  configRepoSuite('the GitHub adapter', inProcess, can);
  configRepoSuite('the GitHub adapter by HTTP', byHttp, can);

  describe('held to GitHub’s description', () => {
    const standins = new Map<string, GitHub>();
    const closing: (() => Promise<void>)[] = [];
    let prism = '';
    beforeAll(async () => {
      // One proxy for many repositories: it takes seconds to start.
      const all = await listen({
        answer: (request, origin) =>
          standins.get(new URL(request.url).pathname.split('/')[3]!)!.answer(request, origin),
      });
      const proxy = await startPrism(all.url, await freePort());
      prism = proxy.url;
      closing.push(proxy.close, all.close);
    });
    afterAll(async () => {
      for (const close of closing) await close();
    });

    const behindPrism: Make = async (files, options = {}) => {
      const repo = `config-${standins.size}`;
      const github = await createGitHub({ files, repo, access: { tokens: ['secret'] } });
      standins.set(repo, github);
      const fetch = throughPrism(github, () => prism);
      return {
        ...adapterAt({ owner: github.owner, repo, fetch, auth: { token: 'secret' }, ...options }),
        ...personAt(github),
      };
    };
    configRepoSuite('the GitHub adapter behind Prism', behindPrism, can);
  });
});

/** REST goes through the proxy, but for what it does not know: GraphQL, redirects and raw bytes. */
function throughPrism(github: GitHub, prism: () => string): typeof fetch {
  const send = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { pathname, search, hostname } = new URL(request.url);
    const raw = /raw/.test(request.headers.get('accept') ?? '');
    if (pathname === '/graphql' || pathname.includes('/tarball/') || hostname.startsWith('codeload.') || raw)
      return github.fetch(request);
    const body = request.body === null ? undefined : await request.text();
    const answer = await fetch(`${prism()}${pathname}${search}`, {
      method: request.method,
      headers: request.headers,
      body,
    });
    const found = await answer.clone().text();
    if (found.includes('stoplight.io/prism')) throw new Error(`${request.method} ${pathname} ${body ?? ''}: ${found}`);
    return answer;
  };
  return send as typeof fetch;
}
