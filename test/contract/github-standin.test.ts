import { generateKeyPairSync } from 'node:crypto';
import { afterAll } from 'vitest';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { startEmulate } from '../standins/emulate.ts';
import { createGitHub } from '../standins/github.ts';
import { startPrism } from '../standins/prism.ts';
import { type Deviations, githubStandinSuite, type Missing, type StandIn } from './github-standin-suite.ts';

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function ours(): Promise<StandIn> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const app = { id: 7, installationId: 42, publicKey };
  const github = await createGitHub({ files: { 'README.md': '# config\n' }, access: { app } });
  const listening = await github.listen();
  closing.push(listening.close);
  return { url: listening.url, owner: github.owner, repo: github.repo, app: { ...app, privateKey } };
}

async function emulate(): Promise<StandIn> {
  const emulated = await startEmulate(await freePort());
  closing.push(emulated.close);
  return emulated;
}

/** Every request and answer is held to GitHub's own description of its API on the way. */
async function behindPrism(start: () => Promise<StandIn>): Promise<StandIn> {
  const standin = await start();
  const prism = await startPrism(standin.url, await freePort());
  closing.push(prism.close);
  return { ...standin, url: prism.url };
}

/** What emulate 0.12.2 does otherwise than GitHub. When it learns it, the test says so. */
const deviations: Deviations = {
  'a ref that is not there is moved': 404,
  'a ref that is not there is deleted': 404,
  'a pull request without commits is opened': 201,
  'a second pull request of the branch is opened': 201,
  'a merge expects another head': 422,
  'a merge is asked for twice': 422,
  'a pull request without its branch is opened': 201,
  'a token is wrong': 200,
};
/** What it does not have. */
const missing: Missing[] = [
  'statuses',
  'archive',
  'conditional requests',
  'pull requests that follow their branch',
  'trees without empty directories',
];

describeWithStandins('GitHub', () => {
  githubStandinSuite('our stand-in', ours);

  // GitHub's description does not know the raw media type of contents, and Prism takes no redirect for an answer.
  githubStandinSuite('our stand-in behind Prism', () => behindPrism(ours), { missing: ['raw contents', 'archive'] });

  githubStandinSuite('emulate', emulate, { deviations, missing });

  githubStandinSuite('emulate behind Prism', () => behindPrism(emulate), {
    deviations,
    missing: [...missing, 'raw contents'],
  });
});
