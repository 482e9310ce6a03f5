import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { bundleFunction, type FunctionFile, functionFiles } from '../../functions/bundle.ts';
import { pushEvent } from '../../lib/bump/push-event.ts';
import type { WhoWanted } from '../../lib/model/messages.ts';
import { makeSurroundings, type Surroundings, sqsEvent } from '../functions/surroundings.ts';
import { describeWithLambda, lambdaClient } from '../helpers/lambda-client.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { pushTo } from '../helpers/push-image.ts';
import { relayTo } from '../helpers/relay.ts';
import { type LambdaFunction, type RunningFunction, runFunction } from '../helpers/runtime-api.ts';
import { notice } from '../notify/notices.ts';
import { changed, check } from '../report/reports.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub, type GitHub } from '../standins/github.ts';

const registry = '000000000000.dkr.ecr.eu-west-1.amazonaws.com';
const files = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${registry}/shop/web, semver: "*" }
clusters:
  prod: { eks: acme-prod, region: eu-west-1, auditLog: true }
syncs:
  shop-prod: { cluster: prod, path: apps }
`,
  'apps/web.yaml': `image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
};
const canary = 'ghs_canaryOfTheGitHubToken';
const allDone = '{"batchItemFailures":[]}';

await describeWithLambda('in the runtime of Lambda', () => {
  let folder: string;
  let client: string;
  beforeAll(async () => {
    // Outside of the checkout: nothing is found in a node_modules above.
    folder = await mkdtemp(join(tmpdir(), 'windlass-test-runtime-'));
    client = await lambdaClient();
    for (const name of functionFiles) await bundleFunction(name, join(folder, name));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A function that ends with the test. */
  const start = (name: string, options: Partial<LambdaFunction> = {}): RunningFunction => {
    const running = runFunction({ name, client, folder: join(folder, name), ...options });
    onTestFinished(() => running.end());
    return running;
  };
  const bundle = (name: FunctionFile, env: Record<string, string>) => start(name, { env });

  describe('a function of a few lines', () => {
    const module = async (name: string, code: string) => {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'index.mjs'), code);
      return start(name);
    };

    it('answers what the handler answers, and null where that is undefined', async () => {
      const fn = await module('echo', 'export const handler = async (event) => event.answer;');
      const first = await fn.invoke({ answer: { a: 1 } });
      expect(first).toMatchObject({ answer: '{"a":1}', init: expect.any(Number) });
      const second = await fn.invoke({});
      expect(second).toMatchObject({ answer: 'null', pid: first.pid });
      expect(second.init).toBeUndefined();
    });

    it('is told what it is, how long it has, and which trace it is of', async () => {
      const fn = await module(
        'context',
        `export const handler = async (_, { awsRequestId, functionName, memoryLimitInMB, getRemainingTimeInMillis }) =>
          ({ awsRequestId, functionName, memoryLimitInMB, left: getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID });`,
      );
      const { left, ...told } = JSON.parse((await fn.invoke({}, { timeout: 60_000 })).answer!);
      expect(told).toEqual({
        awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        ...{ functionName: 'context', memoryLimitInMB: '512' },
        trace: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1$/),
      });
      expect(left).toBeLessThanOrEqual(60_000);
      expect(left).toBeGreaterThan(0);
    });

    it('lives on after an event that fails, and not after one that ends the process', async () => {
      const code = `export const handler = async ({ exit }) => {
        if (exit !== undefined) process.exit(exit);
        throw new RangeError('too far');
      };`;
      const fn = await module('failing', code);
      const first = await fn.invoke({});
      expect(first.error).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' });
      const second = await fn.invoke({ exit: 3 });
      expect(second.pid).toBe(first.pid);
      expect(second.error).toMatchObject({
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining('exit status 3'),
      });
      const third = await fn.invoke({});
      expect(third.pid).not.toBe(first.pid);
      expect(third.error?.errorMessage).toBe('too far');
    });

    it('is ended when its time is over, and the next event gets another process', async () => {
      const fn = await module(
        'slow',
        'export const handler = ({ slow }) => new Promise((done) => setTimeout(done, slow ? 3_600_000 : 0, 7));',
      );
      const first = await fn.invoke({ slow: true }, { timeout: 1_000 });
      expect(first.error).toMatchObject({
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringContaining('Task timed out after 1.00 seconds'),
      });
      expect(first.took).toBeGreaterThanOrEqual(990);
      expect(isAlive(first.pid)).toBe(false);
      const second = await fn.invoke({});
      expect(second.answer).toBe('7');
      expect(second.pid).not.toBe(first.pid);
    });

    it.each([
      ['that throws while it is loaded', 'throws', 'throw new RangeError("at once");', 'RangeError'],
      ['that does not parse', 'torn', 'export const handler = async () => {', 'Runtime.UserCodeSyntaxError'],
      ['without a handler', 'other', 'export const other = 1;', 'Runtime.HandlerNotFound'],
      [
        'that waits for a callback',
        'old',
        'export const handler = (e, c, done) => done();',
        'Runtime.CallbackHandlerDeprecated',
      ],
    ])('%s never starts: each event fails, in a sandbox of its own', async (_, name, code, errorType) => {
      const fn = await module(name, code);
      const [first, second] = [await fn.invoke({}), await fn.invoke({})];
      for (const { error, init } of [first, second]) {
        expect(error).toMatchObject({ errorType });
        expect(init).toBeUndefined();
      }
      expect(second.pid).not.toBe(first.pid);
    });
  });

  describe('a bundle', () => {
    it.each(functionFiles)(
      '%s fails the event where its environment is wrong, says all that is, and lives on',
      async (name) => {
        const fn = bundle(name, { WINDLASS_BRANCH: 'main' });
        const first = await fn.invoke(sqsEvent());
        expect(first.init).toBeGreaterThan(0);
        expect(first.error).toMatchObject({
          errorType: 'UserError',
          errorMessage: expect.stringMatching(/^the environment of the function \w+ is wrong$/),
        });
        const second = await fn.invoke(sqsEvent());
        expect(second).toMatchObject({ pid: first.pid, error: { errorType: 'UserError' } });
        const told = fn.lines().map((line) => JSON.parse(line) as { message: unknown; problems?: string[] });
        const ours = told.filter(({ message }) => message === 'the function cannot be set up');
        expect(ours).toHaveLength(2);
        for (const { problems } of ours)
          expect(problems).toEqual(
            expect.arrayContaining(['WINDLASS_REPO: it is not set', 'WINDLASS_STATE_TABLE: it is not set']),
          );
      },
    );

    it('that was torn on the way never starts, and says why', async () => {
      const whole = await readFile(join(folder, 'bump-on-push', 'index.mjs'), 'utf8');
      await mkdir(join(folder, 'torn-bump'));
      await writeFile(join(folder, 'torn-bump', 'index.mjs'), whole.slice(0, whole.length / 2));
      const fn = start('torn-bump');
      expect((await fn.invoke(sqsEvent())).error?.errorType).toBe('Runtime.UserCodeSyntaxError');
      expect(fn.lines().join('\n')).toContain('UserCodeSyntaxError');
    });
  });

  describe('with AWS', async () => {
    await describeWithMiniStack('and GitHub in its surroundings', () => {
      describeWithStandins('of this machine', () => {
        let aws: MiniStack;
        let github: GitHub;
        let around: Surroundings;
        let githubUrl: string;
        let running: RunningFunction[];
        let closing: (() => unknown)[];

        beforeAll(async () => {
          aws = await startMiniStack();
          const { endpoint, region, credentials } = aws;
          const ecr = new ECRClient({ endpoint, region, credentials });
          await ecr.send(new CreateRepositoryCommand({ repositoryName: 'shop/web' }));
          ecr.destroy();
        });
        afterAll(() => aws?.stop());

        beforeEach(async () => {
          github = await createGitHub({ files, access: { tokens: [canary] } });
          const listening = await github.listen();
          githubUrl = `${listening.url}/api/v3`;
          around = await makeSurroundings(aws, { githubUrl, secret: JSON.stringify({ token: canary }) });
          closing = [listening.close, () => around.close()];
          running = [];
        });
        afterEach(async () => {
          const lines = running.flatMap((fn) => fn.lines());
          for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow();
          expect(lines.join('\n')).not.toContain(canary);
          for (const close of closing) await close();
        });

        const run = (name: FunctionFile, env: Record<string, string> = {}) => {
          const fn = bundle(name, { ...around.env, ...env });
          running.push(fn);
          return fn;
        };
        const push = async (tag: string) => {
          const digest = await pushTo(aws.endpoint, 'shop/web', tag, { labels: { tag } });
          const [account, region] = ['000000000000', 'eu-west-1'];
          const repository = 'shop/web';
          return pushEvent({ id: `push-${tag}`, at: new Date(), account, region, repository, tag, digest });
        };
        const inGit = () => /web:(\S+)/.exec(new TextDecoder().decode(github.show('apps/web.yaml')))?.[1];

        it('answers its first event, and the next ones in the same process without starting again', async () => {
          const fn = run('bump-on-push');
          const first = await fn.invoke(sqsEvent(await push('1.1.0')));
          expect(first).toMatchObject({ answer: allDone, init: expect.any(Number) });
          expect(inGit()).toBe('1.1.0');
          for (const tag of ['1.2.0', '1.3.0']) {
            const next = await fn.invoke(sqsEvent(await push(tag)));
            expect(next).toMatchObject({ answer: allDone, pid: first.pid });
            expect(next.init).toBeUndefined();
            expect(inGit()).toBe(tag);
          }
          expect(github.log()).toHaveLength(4);
          const logged = fn.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
          const bumps = logged.filter(({ message }) => message === 'bump');
          expect(bumps.map((line) => line['cold_start'])).toEqual([true, false, false]);
          expect(bumps.map((line) => line['events'])).toEqual([['push-1.1.0'], ['push-1.2.0'], ['push-1.3.0']]);
          expect(new Set(bumps.map((line) => line['function_request_id'])).size).toBe(3);
        });

        it('sends back the messages that failed and no others, and does them when they come again', async () => {
          const fn = run('bump-on-push');
          const pushed = await push('2.0.0');
          github.faults.add({ trouble: 503, when: 'before' });
          const sweep = { type: 'Sweep', at: '2026-11-23T08:30:00Z' };
          const { answer, pid } = await fn.invoke(sqsEvent('no event', sweep, pushed));
          expect(answer).toBe('{"batchItemFailures":[{"itemIdentifier":"m2"}]}');
          github.faults.clear();
          expect(await fn.invoke(sqsEvent(pushed))).toMatchObject({ answer: allDone, pid });
          expect(inGit()).toBe('2.0.0');
        });

        it('is ended when its time is over while GitHub says nothing, and the push is done in another, once', async () => {
          const fn = run('bump-on-push');
          const pushed = await push('2.1.0');
          github.faults.add({ trouble: 'silence', when: 'before' });
          const first = await fn.invoke(sqsEvent(pushed), { timeout: 3_000 });
          expect(first.error?.errorType).toBe('Sandbox.Timedout');
          github.faults.clear();
          const second = await fn.invoke(sqsEvent(pushed));
          expect(second).toMatchObject({ answer: allDone, init: expect.any(Number) });
          expect(second.pid).not.toBe(first.pid);
          expect(inGit()).toBe('2.1.0');
          expect(github.log()).toHaveLength(2);
        });

        it('goes on after it was frozen so long that its connections are gone', async () => {
          const ways = { github: await relayTo(githubUrl), aws: await relayTo(aws.endpoint) };
          const fn = run('bump-on-push', {
            WINDLASS_GITHUB_URL: `http://127.0.0.1:${ways.github.port}/api/v3`,
            AWS_ENDPOINT_URL: `http://127.0.0.1:${ways.aws.port}`,
          });
          const { pid } = await fn.invoke(sqsEvent(await push('3.0.0')));
          for (const tag of ['3.1.0', '3.2.0']) {
            const event = sqsEvent(await push(tag));
            fn.freeze();
            for (const way of Object.values(ways)) {
              way.cut();
              way.mend();
            }
            expect(await fn.invoke(event)).toMatchObject({ answer: allDone, pid });
            expect(inGit()).toBe(tag);
          }
        });

        const wanted: WhoWanted = {
          ...{ type: 'WhoWanted', cluster: 'prod', sync: 'shop-prod', incident: 'incident-1' },
          until: '2026-11-22T12:05:00.000Z',
          objects: [{ object: 'ConfigMap/shop/settings', gone: true, untold: true, tools: [] }],
        };
        const bodies: Record<FunctionFile, unknown[]> = {
          'bump-on-push': [{ type: 'Sweep', at: '2026-11-23T08:30:00Z' }],
          'drift-on-incident': [wanted],
          'drift-on-schedule': [],
          'notify-on-notice': [notice('opened', 'drift')],
          'report-on-sync': [check(0, [changed()]), check(60, [])],
        };

        it.each(functionFiles)('%s never answers with undefined, which would be success of all', async (name) => {
          const fn = run(name);
          for (const event of [sqsEvent(...bodies[name]), sqsEvent('{{'), sqsEvent()]) {
            const { answer, error } = await fn.invoke(event);
            expect(error).toBeUndefined();
            const shape = name === 'drift-on-schedule' ? expect.any(Array) : { batchItemFailures: expect.any(Array) };
            expect(JSON.parse(answer!)).toEqual(shape);
          }
        });
      });
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
