import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type Aws,
  awsOf,
  type BootstrapWorld,
  bootstrapWorld,
  canary,
  clusterArn,
  makeStack,
} from '../cli/bootstrap-world.ts';
import type { Ran } from '../helpers/io.ts';
import { windlass } from '../helpers/io.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { type SlackStandIn, startSlack } from '../standins/slack.ts';

const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web';
const files = (more = '') => ({
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${repository}, semver: ">=1.0.0 <1.1.0" }
notify:
  routes: [{ on: [drift], slack: { channel: "#oncall", secret: slack-bot } }]
${more}`,
  'web.yaml': `image: ${repository}:1.0.9 # {"$imagepolicy": "web"}\n`,
});

await describeWithMiniStack('windlass bootstrap', () => {
  let ministack: MiniStack;
  let aws: Aws;
  let slack: SlackStandIn;

  beforeAll(async () => {
    ministack = await startMiniStack();
    aws = awsOf(ministack);
    slack = await startSlack();
  });
  afterAll(async () => {
    aws?.close();
    await slack?.close();
    await ministack?.stop();
  });
  beforeEach(() => {
    slack.posts.length = 0;
  });

  const steps = ({ stderr }: Ran) => stderr.split('\n').filter((line) => /^[✓✗-] /.test(line));
  const noSecret = (ran: Ran) => expect(JSON.stringify(ran)).not.toContain(canary);
  const json = ({ stdout }: Ran) =>
    JSON.parse(stdout) as { steps: { step: string; result: string; text: string; code?: string }[] };
  const resultOf = (ran: Ran, name: string) => json(ran).steps.find(({ step }) => step === name);

  it('goes from the stack to a message in Slack, and does it all again the second time', async () => {
    const world = await bootstrapWorld(aws, slack, files());
    world.functions('bump', 'notify');
    const first = await world.bootstrap();
    expect([first.code, steps(first).map((line) => line.replace(/ \([\d.]+ s\)$/, ''))]).toEqual([
      0,
      [
        `✓ stack: ${world.stack} in eu-west-1, for acme/config and its branch main`,
        `✓ github: acme/config, branch main at ${world.github.head()!.slice(0, 12)}, as a token`,
        `✓ config: windlass.yaml at ${world.github.head()!.slice(0, 12)}: 1 image, 0 clusters, 0 syncs`,
        '- cluster: windlass.yaml has no clusters: nothing is installed',
        '- access, clone, puller, checker: they need the cluster',
        '✓ event: bump looked at web (1.0.9)',
        '✓ message: sent to slack:slack-bot:#oncall',
      ],
    ]);
    expect(first.stdout).toMatch(/^what was tested works\n {2}not seen yet: a commit of Windlass/);
    expect(first.stdout).not.toContain('a pull');
    expect(first.stdout).toContain('https://eu-west-1.console.aws.amazon.com/cloudwatch/');
    expect(slack.posts.map(({ body }) => body['text'])).toEqual([
      expect.stringContaining('A test of Windlass for acme/config'),
    ]);
    noSecret(first);
    const second = await world.bootstrap('--json');
    expect(second.code).toBe(0);
    expect(json(second)).toMatchObject({
      stack: world.stack,
      region: 'eu-west-1',
      repo: 'acme/config',
      branch: 'main',
    });
    expect(resultOf(second, 'event')).toMatchObject({ result: 'done' });
    expect(slack.posts).toHaveLength(2);
    expect(world.github.log()).toHaveLength(1);
    noSecret(second);
  });

  it('says that bump moved an image, where a registry has something new', async () => {
    const world = await bootstrapWorld(aws, slack, {
      ...files(),
      'web.yaml': `image: ${repository}:1.0.2 # {"$imagepolicy": "web"}\n`,
    });
    world.functions('bump', 'notify');
    const ran = await world.bootstrap('--json');
    expect(resultOf(ran, 'event')).toMatchObject({ result: 'done', text: 'bump looked at web (1.0.9)' });
    expect(world.github.log()).toHaveLength(2);
  });

  it('does not say that it works where bump cannot look at an image', async () => {
    const world = await bootstrapWorld(aws, slack, {
      ...files(),
      'windlass.yaml': `windlass: 1\nimages:\n  web: { image: ${repository.replace('shop', 'closed')}, semver: "*" }\n`,
    });
    world.functions('bump');
    const ran = await world.bootstrap();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(
      /✗ event: bump runs, and cannot do its work for each image\n {2}web: \S+\/closed\/web may not be read/,
    );
    expect(ran.stdout).not.toContain('works');
  });

  it('says what to do where there is no stack, or another one', async () => {
    const none = await windlass(['bootstrap', '--stack', 'Nowhere']);
    expect(none).toMatchObject({ code: 2, stdout: 'not done: stack; run this again when that is mended\n' });
    expect(steps(none)[0]).toMatch(
      /^✗ stack: there is no stack Nowhere in eu-west-1 of this account: run npx cdk deploy Nowhere first/,
    );
    const name = `Other-${randomBytes(4).toString('hex')}`;
    await makeStack(aws, name, {}, { Repo: 'acme/config', Clusters: 'not JSON' });
    const other = await windlass(['bootstrap', '--stack', name]);
    expect(other.code).toBe(2);
    expect(steps(other)[0]).toMatch(
      /the stack \S+ does not tell its Branch, AuditTable, .*Clusters.*: it is none of this version of Windlass, or a stack of your own without its outputs \(windlass\.addOutputs/,
    );
    const usage = await windlass(['bootstrap', '--wait', 'long']);
    expect(usage).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--wait "long" is not a number of seconds'),
    });
  });

  it.each<[string, string, RegExp]>([
    ['that holds no JSON', 'canary-text', /does not say who Windlass is on GitHub: it is not JSON/],
    ['of an ssh key', '{"sshPrivateKey":"canary-key","knownHosts":"canary"}', /an ssh key is none for the API/],
    ['with a token that GitHub refuses', '{"token":"canary-of-nobody"}', /acme\/config/],
    ['of an App whose key is none', '{"appId":7,"privateKey":"canary"}', /no RSA key in PEM format/],
  ])('says what is wrong with a secret %s, and never shows it', async (_, secret, expected) => {
    const world = await bootstrapWorld(aws, slack, files());
    await world.secret(secret);
    const ran = await world.bootstrap('--json');
    expect(ran.code).toBe(2);
    expect(resultOf(ran, 'github')?.text).toMatch(expected);
    expect(resultOf(ran, 'event')).toMatchObject({ result: 'left' });
    expect(JSON.stringify(ran)).not.toMatch(/canary/i);
  });

  it('says that the secret is not there', async () => {
    const world = await bootstrapWorld(aws, slack, files(), { GithubSecret: 'windlass/none' });
    const ran = await world.bootstrap('--json');
    expect(ran.code).toBe(2);
    expect(resultOf(ran, 'github')?.text).toMatch(
      /cannot read the secret windlass\/none.*\n.*there is no such secret.*: make it \(docs\/github\.md\), or check/,
    );
  });

  it('shows all problems of windlass.yaml', async () => {
    const world = await bootstrapWorld(aws, slack, files('sync: {}\nclustres: {}\n'));
    const ran = await world.bootstrap();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(
      /✗ config: windlass.yaml at [0-9a-f]{12} cannot be used\n(?:.*\n)*.*"?sync"?(?:.*\n)*.*clustres/,
    );
    expect(ran.stderr).toContain('- cluster, access, clone, puller, checker, event, message: they need windlass.yaml');
  });

  it('proposes windlass.yaml in the clone where there is none, and goes on once that is pushed', async () => {
    const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: shop }\ndata: { a: "1" }\n`;
    const world = await bootstrapWorld(aws, slack, { 'deploy/settings.yaml': manifest });
    const asked = await world.bootstrap('--json');
    expect([asked.code, resultOf(asked, 'config')?.text]).toEqual([2, expect.stringContaining('give --yes')]);
    expect(asked.stderr).toContain('+windlass: 1');
    expect(existsSync(join(world.dir, 'windlass.yaml'))).toBe(false);
    const made = await world.bootstrap('--json', '--yes');
    expect(made.code).toBe(2);
    expect(resultOf(made, 'config')).toMatchObject({
      code: 'not-pushed',
      text: expect.stringContaining('push it to main'),
    });
    const text = readFileSync(join(world.dir, 'windlass.yaml'), 'utf8');
    expect(text).toMatch(/eks: acme-prod/);
    execFileSync('git', ['-C', world.dir, 'clean', '--quiet', '--force', '-d']);
    world.github.push({ 'windlass.yaml': text });
    world.pull();
    expect(resultOf(await world.bootstrap('--json', '--wait', '1'), 'config')).toMatchObject({ result: 'done' });
  });

  it('makes up no app for a new repo', async () => {
    const world = await bootstrapWorld(aws, slack, { 'README.md': 'ours\n' });
    const ran = await world.bootstrap('--json', '--yes');
    expect([ran.code, resultOf(ran, 'config')]).toEqual([2, expect.objectContaining({ code: 'no-image' })]);
    expect(resultOf(ran, 'config')?.text).toContain(
      `windlass init ${world.dir} --image REPOSITORY:TAG --clusters acme-prod=acme-prod:eu-west-1, commit`,
    );
    expect(existsSync(join(world.dir, 'windlass.yaml'))).toBe(false);
  });

  it('proposes nothing in a clone of something else', async () => {
    const world = await bootstrapWorld(aws, slack, { 'a.yaml': 'a: 1\n' });
    execFileSync('git', ['-C', world.dir, 'remote', 'set-url', 'origin', 'https://github.com/acme/windlass.git']);
    const ran = await world.bootstrap('--json', '--yes');
    expect(resultOf(ran, 'config')).toMatchObject({ code: 'other-repo' });
    expect(existsSync(join(world.dir, 'windlass.yaml'))).toBe(false);
  });

  it('names the prop where the stack has no such cluster, and the rest is tried', async () => {
    const world = await bootstrapWorld(aws, slack, files('clusters: { dev: { eks: acme-dev, region: eu-west-1 } }\n'));
    world.functions('bump', 'notify');
    const ran = await world.bootstrap('--json');
    expect(ran.code).toBe(2);
    expect(resultOf(ran, 'cluster')).toMatchObject({
      result: 'failed',
      code: 'cluster-not-granted',
      text: expect.stringContaining('add its ARN to the prop clusters'),
    });
    expect(resultOf(ran, 'event')).toMatchObject({ result: 'done' });
    expect(resultOf(ran, 'message')).toMatchObject({ result: 'done' });
  });

  it('names what it asks for of the clusters of windlass.yaml', async () => {
    const world = await bootstrapWorld(
      aws,
      slack,
      files('clusters: { prod: { eks: acme-prod, region: eu-west-1 }, lab: {} }\n'),
    );
    const at = async (...argv: string[]) =>
      resultOf(await world.bootstrap('--wait', '1', '--json', ...argv), 'cluster')?.text;
    expect(await at()).toMatch(/which cluster of windlass.yaml is it\? Give --cluster \(it has prod, lab\)/);
    expect(await at('--cluster', 'prd')).toMatch(/no cluster "prd", did you mean "prod"/);
    expect(await at('--cluster', 'lab')).toMatch(/does not say which one of EKS it is/);
    expect(await at('--cluster', 'prod')).toBe(`prod is ${clusterArn}`);
  });

  it('wants the stack that opens the cluster, and a clone at the commit that GitHub has', async () => {
    const world = await bootstrapWorld(
      aws,
      slack,
      files('clusters: { prod: { eks: acme-prod, region: eu-west-1 } }\n'),
    );
    const access = `Access-${randomBytes(4).toString('hex')}`;
    const roles = {
      PullerRoleArn: 'arn:aws:iam::000000000000:role/p',
      CheckerGroup: 'windlass:drift',
      Identity: 'pod-identity',
    };
    await makeStack(aws, access, {}, { ...roles, Cluster: clusterArn.replace('prod', 'dev') });
    const at = (...argv: string[]) => world.bootstrap('--wait', '1', '--json', ...argv);
    const missing = resultOf(await at(), 'access')!.text;
    expect(missing).toMatch(/there is no stack WindlassClusterAccess-acme-prod in eu-west-1/);
    expect(JSON.parse(missing.split('\n').at(-1)!)).toMatchObject({
      ...{ cluster: clusterArn, checkerPrincipalArns: ['arn:aws:iam::000000000000:role/windlass-drift'] },
      reportsQueueArn: JSON.parse(world.outputs['Clusters']!)[0].reportsQueueArn,
      wakeQueueArn: expect.stringContaining('arn:aws:sqs:'),
    });
    const gitSecretArn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:windlass/git-a1b2c3';
    const withKey = resultOf(await at('--git-secret', gitSecretArn), 'access')!.text;
    expect(JSON.parse(withKey.split('\n').at(-1)!)).toMatchObject({ gitSecretArn });
    expect(resultOf(await at('--access-profile', 'nobody'), 'access')).toMatchObject({ code: 'aws-access' });
    expect(resultOf(await at('--access-stack', access), 'access')?.text).toMatch(/is of another cluster, .*acme-dev/);
    // Where clusters of several Regions have one name, the stack's has the Region: that one goes before.
    const short = 'WindlassClusterAccess-acme-prod';
    for (const [name, PullerRoleArn] of [
      [short, 'arn:aws:iam::000000000000:role/short'],
      [`${short}-eu-west-1`, 'arn:aws:iam::000000000000:role/long'],
    ]) {
      await makeStack(aws, name!, {}, { ...roles, PullerRoleArn, Cluster: clusterArn });
      expect(resultOf(await at(), 'access')).toMatchObject({
        result: 'done',
        text: `${PullerRoleArn}, by pod-identity`,
      });
    }

    world.github.push({ 'new.yaml': 'a: 1\n' });
    const behind = await at();
    expect(resultOf(behind, 'clone')).toMatchObject({
      code: 'clone-differs',
      text: expect.stringMatching(/pull or push first/),
    });
    expect(resultOf(behind, 'checker')).toMatchObject({ result: 'left', text: 'they need the clone' });
    world.pull();
    expect(resultOf(await at(), 'clone')).toMatchObject({ result: 'done' });
    execFileSync('git', ['-C', world.dir, 'remote', 'set-url', 'origin', 'git@github.com:acme/other.git']);
    expect(resultOf(await at(), 'clone')).toMatchObject({ code: 'other-repo' });
  });

  it('says where to look when a function does not answer', async () => {
    const world = await bootstrapWorld(aws, slack, files());
    world.functions('notify');
    const ran = await world.bootstrap('--wait', '2', '--json');
    expect(ran.code).toBe(3);
    expect(resultOf(ran, 'event')).toMatchObject({
      result: 'failed',
      code: 'no-answer',
      text: expect.stringContaining('bump-on-push'),
    });
    expect(resultOf(ran, 'message')).toMatchObject({ result: 'done' });
  });

  it('waits for the queue where there is no image, and tells nobody where there is no route', async () => {
    const world = await bootstrapWorld(aws, slack, { 'windlass.yaml': 'windlass: 1\n' });
    const alone = await world.bootstrap('--wait', '2', '--json');
    expect(resultOf(alone, 'event')).toMatchObject({ result: 'failed', code: 'no-answer' });
    world.functions('bump');
    const ran = await world.bootstrap('--json');
    expect(ran.code).toBe(0);
    expect(resultOf(ran, 'event')?.text).toContain('took the event off its queue');
    expect(resultOf(ran, 'message')).toMatchObject({
      result: 'left',
      text: expect.stringContaining('no notify routes'),
    });
  });

  it('tells which destination refuses messages, and why', async () => {
    const routes = `notify: { routes: [{ slack: { channel: "#oncall", secret: slack-bot } }, { slack: { channel: "#nowhere", secret: slack-bot } }] }`;
    const world: BootstrapWorld = await bootstrapWorld(aws, slack, { 'windlass.yaml': `windlass: 1\n${routes}\n` });
    world.functions('bump', 'notify');
    const ran = await world.bootstrap('--json');
    expect(ran.code).toBe(2);
    const { text, code } = resultOf(ran, 'message')!;
    expect([code, text]).toEqual([
      'notify-refused',
      expect.stringMatching(/slack:slack-bot:#nowhere: a notice was not sent: .*channel_not_found/),
    ]);
    expect(text).not.toContain('#oncall');
    expect(slack.posts).toHaveLength(1);
    expect(JSON.stringify(ran)).not.toContain(slack.token);
  });
});
