import { describe, expect, it } from 'vitest';
import { dateAt } from '../../../lib/adapters/local/server-date.ts';
import { slackUserOf } from '../../../lib/adapters/slack/auth-test.ts';
import type { Io } from '../../../lib/cli/command.ts';
import { checkCluster } from '../../../lib/cli/doctor/cluster.ts';
import type { Said } from '../../../lib/cli/doctor/finding.ts';
import { checkImageStates } from '../../../lib/cli/doctor/images.ts';
import { checkLoop } from '../../../lib/cli/doctor/loop.ts';
import { checkNotify } from '../../../lib/cli/doctor/notify.ts';
import { checkPermissions } from '../../../lib/cli/doctor/permissions.ts';
import { checkStack, type StackDeps, type StackState } from '../../../lib/cli/doctor/stack.ts';
import { printPart } from '../../../lib/cli/output/doctor.ts';
import { UserError } from '../../../lib/model/errors.ts';
import type { StackResource } from '../../../lib/model/stack-resource.ts';
import type { Cluster } from '../../../lib/pull/ports.ts';
import { standIn } from '../../helpers/stand-in.ts';

const account = '123456789012';
const outputs = {
  ...{
    repo: 'acme/config',
    branch: 'main',
    auditTable: 'a',
    stateTable: 's',
    pushesQueueUrl: 'https://q',
    noticesQueueUrl: 'https://n',
  },
  ...{ clusters: [], dashboard: 'https://d', githubSecret: 'windlass/github' },
};
const deployed = { name: 'Windlass', region: 'eu-west-1', outputs, topics: {}, version: '1.0.0' };

/** A stack of which each part is well, but for what is told. */
function state(more: Partial<StackState> & { has?: StackResource[] }): StackState {
  return {
    resources: async () => more.has ?? [],
    messages: async () => 0,
    function: async () => ({ state: 'Active', reason: '', update: 'Successful', environment: {} }),
    mappings: async () => [],
    schedule: async () => 'ENABLED',
    rule: async () => 'ENABLED',
    ringing: async () => [],
    secret: async () => 'there',
    ...more,
  };
}

const fn: StackResource = { id: 'BumpFunction', type: 'AWS::Lambda::Function', name: 'bump' };

async function stack(of: StackState, more: Pick<StackDeps, 'readRepo'> = {}) {
  return await checkStack({
    ...more,
    deployed,
    state: of,
    here: '1.0.0',
    queryTables: async () => undefined,
    config: async () => ({ clusters: {} }),
  });
}

describe('the part stack', () => {
  it('names a function that cannot be started, and one whose last change failed', async () => {
    const failed = async () => ({ state: 'Failed', reason: 'no network', update: 'Failed', environment: {} });
    expect(
      (await stack(state({ has: [fn], function: failed }))).filter(({ result }) => result === 'wrong'),
    ).toMatchObject([
      { text: 'bump (BumpFunction) is Failed: no network', mend: expect.stringContaining('npx cdk deploy Windlass') },
      { text: 'the last change of bump (BumpFunction) failed' },
    ]);
  });

  it.each([
    ['Disabled', ['bump (BumpFunction) takes nothing from pushes.fifo: Disabled']],
    ['Updating', []],
    ['Enabled', []],
  ])('says of a queue whose mapping is %s what it is', async (now, texts) => {
    const mappings = async () => [{ source: 'arn:aws:sqs:eu-west-1:123456789012:pushes.fifo', state: now }];
    const found = await stack(state({ has: [fn], mappings }));
    expect(found.filter(({ result }) => result === 'wrong').map(({ text }) => text)).toEqual(texts);
  });

  it('names a secret that is not there or is to be deleted, and never asks for what is in it', async () => {
    expect(await stack(state({ secret: async () => 'missing' }))).toContainEqual(
      expect.objectContaining({ what: 'secret', result: 'wrong', mend: expect.stringContaining('docs/github.md') }),
    );
    expect(await stack(state({ secret: async () => 'deleted' }))).toContainEqual(
      expect.objectContaining({ what: 'secret', mend: expect.stringContaining('restore-secret') }),
    );
  });

  it('looks at the secret that only some functions have, once, and reads with it where that is allowed', async () => {
    const secrets: Record<string, string> = { bump: 'windlass/github', drift: 'reader', notify: 'reader' };
    const has = Object.keys(secrets).map((name) => ({ ...fn, id: name, name }));
    const well = await state({}).function('');
    const there = state({
      has,
      function: async (name) => ({ ...well, environment: { WINDLASS_GITHUB_SECRET: secrets[name]! } }),
      secret: async (id) => (id === 'reader' ? 'missing' : 'there'),
    });
    const ofSecrets = (found: Said[]) => found.filter(({ what }) => what === 'secret');
    expect(ofSecrets(await stack(there)).map(({ result, text }) => `${result} ${text}`)).toEqual([
      'ok windlass/github: it is there',
      'wrong reader, the key that only reads the config repo, is not there',
    ]);
    const asked: string[] = [];
    const readRepo = async (secret: string) => {
      asked.push(secret);
      throw new UserError('GitHub takes no such token\nmake another one', { code: 'github-credentials' });
    };
    const found = ofSecrets(await stack({ ...there, secret: async () => 'there' }, { readRepo }));
    expect(found.at(-1)).toMatchObject({
      result: 'wrong',
      text: 'GitHub takes no such token',
      mend: 'make another one',
    });
    expect(found).toHaveLength(3);
    expect(asked).toEqual(['reader']);
  });

  it('tells a table that is not there', async () => {
    const missing = () =>
      Promise.reject(new UserError('there is no DynamoDB table a: check its name', { code: 'records-table-missing' }));
    const found = await checkStack({
      deployed,
      state: state({}),
      here: '1.0.0',
      queryTables: missing,
      config: async () => ({ clusters: {} }),
    });
    expect(found.find(({ what }) => what === 'tables')).toMatchObject({ result: 'wrong', mend: expect.any(String) });
  });

  it('asks a right that is missing only once of the reader', async () => {
    const refused = () =>
      Promise.reject(
        new UserError(
          'you may not ask for it (lambda:GetFunctionConfiguration)\nallow yourself lambda:GetFunctionConfiguration',
          { code: 'not-allowed' },
        ),
      );
    const has = [fn, { ...fn, id: 'ReportFunction', name: 'report' }];
    expect((await stack(state({ has, function: refused }))).filter(({ what }) => what === 'functions')).toEqual([
      expect.objectContaining({ result: 'unchecked', mend: 'allow yourself lambda:GetFunctionConfiguration' }),
    ]);
  });
});

describe('the part permissions', () => {
  const template = {
    Resources: {
      BumpRoleDefaultPolicy0A1B2C3D: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          Roles: [{ Ref: 'BumpRole0A1B2C3D' }],
          PolicyDocument: {
            Statement: [
              {
                Effect: 'Allow',
                Action: ['dynamodb:PutItem', 'dynamodb:GetItem'],
                Resource: { 'Fn::GetAtt': ['Table', 'Arn'] },
                Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['survey#*'] } },
              },
              {
                Effect: 'Allow',
                Action: 'sns:Publish',
                Resource: {
                  'Fn::Join': [
                    '',
                    [
                      'arn:',
                      { Ref: 'AWS::Partition' },
                      ':sns:',
                      { Ref: 'AWS::Region' },
                      ':',
                      { Ref: 'AWS::AccountId' },
                      ':t',
                    ],
                  ],
                },
              },
              { Effect: 'Allow', Action: 'kms:Decrypt', Resource: { 'Fn::ImportValue': 'x' } },
              { Effect: 'Deny', Action: 's3:*', Resource: '*' },
            ],
          },
        },
      },
    },
  };
  const resources = [
    { id: 'BumpRole0A1B2C3D', type: 'AWS::IAM::Role', name: 'Windlass-Bump' },
    { id: 'Table', type: 'AWS::DynamoDB::GlobalTable', name: 'table-1' },
  ];
  const place = { partition: 'aws', region: 'eu-west-1', account };
  const asked = async (by?: string) => {
    const questions: unknown[] = [];
    const found = await checkPermissions({
      ...{ stack: 'Windlass', place, template: async () => template, resources: async () => resources },
      denied: async (role, question) => {
        questions.push({ role, ...question });
        return by === undefined ? [] : [{ action: question.actions[0]!, by }];
      },
    });
    return { found, questions };
  };

  it('asks of each role what its policies allow, of resources as AWS calls them, with values that fit the conditions', async () => {
    const { found, questions } = await asked();
    const role = `arn:aws:iam::${account}:role/Windlass-Bump`;
    expect(questions).toEqual([
      {
        ...{
          role,
          actions: ['dynamodb:PutItem', 'dynamodb:GetItem'],
          resource: `arn:aws:dynamodb:eu-west-1:${account}:table/table-1`,
        },
        context: [{ key: 'dynamodb:LeadingKeys', values: ['survey#x'] }],
      },
      { role, actions: ['sns:Publish'], resource: `arn:aws:sns:eu-west-1:${account}:t`, context: [] },
    ]);
    expect(found).toEqual([
      {
        what: 'Bump',
        result: 'ok',
        text: 'each of its 3 permissions is granted (1 resources cannot be told from the template)',
      },
    ]);
  });

  it.each([
    ['nothing', 'no policy allows it'],
    ['deny', 'look for Deny'],
    ['boundary', 'permissions boundary'],
    ['organization', 'AWS organization'],
  ])('says what to do where it is refused by %s', async (by, mend) => {
    expect((await asked(by)).found[0]).toMatchObject({
      result: 'wrong',
      text: expect.stringContaining('lacks 2 of 3 permissions: dynamodb:PutItem on'),
      mend: expect.stringContaining(mend),
    });
  });
});

describe('what is printed', () => {
  it('breaks no word on a terminal', () => {
    const stdout = { text: '', isTTY: true, columns: 40, write: (text: string) => (stdout.text += text) };
    const io = { stdout, env: { NO_COLOR: '1' } } as unknown as Io;
    const text = 'it does not answer at https://eks.example.com now';
    printPart(io, 'cluster', [
      { part: 'cluster', what: 'prod', result: 'wrong', text, mend: 'look at it, and run it again' },
    ]);
    expect(stdout.text.split('\n')).toEqual([
      'cluster',
      '  wrong        prod: it does not answer',
      '               at',
      '               https://eks.example.com',
      '               now',
      '               = look at it, and run it',
      '                 again',
      '',
    ]);
  });

  it('is words alone: what a cluster or a registry says moves no cursor', () => {
    const stdout = { text: '', write: (text: string) => (stdout.text += text) };
    const io = { stdout, env: {} } as unknown as Io;
    const text = 'failed: \u001b[2Kwell\r';
    printPart(io, 'cluster', [{ part: 'cluster', what: 'shop\u001b[1m', result: 'wrong', text, mend: 'a\nb\u0007' }]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(stdout.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(stdout.text).toContain('= b');
  });
});

describe('the part notify', () => {
  const rules = async () => ({ routes: [{ slack: { channel: '#a', secret: 'slack-bot' } }] });
  it('says that nobody is told anything', async () => {
    expect((await checkNotify({ rules: async () => ({ routes: [] }) }))[0]).toMatchObject({ result: 'note' });
  });

  it('names a secret that the function may not read', async () => {
    const environment = { WINDLASS_NOTIFY_SECRETS: '["another"]' };
    const of = state({ function: async () => ({ state: 'Active', reason: '', update: '', environment }) });
    const found = await checkNotify({
      rules,
      stack: { name: 'Windlass', topics: [], sender: async () => 'notify' },
      state: of,
    });
    expect(found[0]).toMatchObject({
      result: 'wrong',
      text: 'the function that sends may not read slack-bot',
      mend: expect.stringContaining('notifySecrets'),
    });
    expect(found.at(-1)).toMatchObject({ result: 'unchecked', mend: expect.stringContaining('--secrets') });
  });

  it('does not leave out the secret of those who are told what no route takes', async () => {
    const environment = { WINDLASS_NOTIFY_SECRETS: '["slack-bot"]' };
    const found = await checkNotify({
      rules: async () => ({ ...(await rules()), default: { slack: { channel: '#b', secret: 'another-bot' } } }),
      stack: { name: 'Windlass', topics: [], sender: async () => 'notify' },
      state: state({ function: async () => ({ state: 'Active', reason: '', update: '', environment }) }),
    });
    expect(found[0]).toMatchObject({ result: 'wrong', text: 'the function that sends may not read another-bot' });
  });

  it('asks Slack without posting, and quotes no secret that is none', async () => {
    const { url, asked } = await standIn({ '127.0.0.1': () => ({ body: { ok: false, error: 'account_inactive' } }) });
    await expect(slackUserOf('xoxb-0123-abcd', 'slack-bot', `${url}/`)).rejects.toThrow(/slack-bot: account_inactive/);
    expect(asked.map((one) => one.url.pathname)).toEqual(['/auth.test']);
    await expect(slackUserOf('hunter2', 'slack-bot', `${url}/`)).rejects.not.toThrow(/hunter2/);
    expect(await slackUserOf('https://hooks.slack.com/services/a/b', 'hook')).toContain('incoming webhook');
  });
});

describe('the part loop', () => {
  const records = async () => undefined;
  it('is well where its page and its records answer, and wrong where the page does not', async () => {
    const { url } = await standIn({
      '127.0.0.1': ({ url: asked }) => ({ status: asked.pathname === '/' ? 200 : 500 }),
    });
    const page = (path: string) => async () => (await fetch(`${url}${path}`)).status;
    const at = (path: string) => checkLoop({ url, page: page(path), queryRecords: records });
    expect((await at('/')).map(({ result }) => result)).toEqual(['ok', 'ok', 'ok']);
    expect((await at('/broken'))[0]).toMatchObject({ result: 'wrong', mend: expect.stringContaining('npm start') });
    const away = await checkLoop({
      url,
      page: async () => void (await dateAt('http://127.0.0.1:9/')) as never,
      queryRecords: records,
    });
    expect(away[0]).toMatchObject({ result: 'wrong', text: expect.stringContaining('does not answer') });
  });

  it('tells images as the loop saw them last', () => {
    const image = { policy: 'web', repository: 'r/web', rule: 'semver 1', current: ['1.0.0'], holds: [], at: '' };
    expect(checkImageStates([{ ...image, newest: '1.1.0' }])[0]?.result).toBe('ok');
    const holds = [{ tag: '1.0.0', past: '1.1.0', who: 'Ada', why: 'it crashes' }];
    expect(checkImageStates([{ ...image, newest: '1.1.0', holds }])[0]?.text).toBe(
      'r/web: Git has 1.0.0, the policy chooses 1.1.0 (held at 1.0.0 until after 1.1.0 by Ada: it crashes)',
    );
    expect(checkImageStates([{ ...image, trouble: 'mend', waiting: 'no such repository\nmake it' }])[0]).toMatchObject({
      result: 'wrong',
      mend: 'make it',
    });
    expect(checkImageStates([{ ...image, trouble: 'later', waiting: 'throttled' }])[0]?.result).toBe('unchecked');
    expect(checkImageStates([{ ...image, newest: '1.0.0', current: [] }])[0]).toMatchObject({ result: 'note' });
    expect(checkImageStates([])[0]?.result).toBe('note');
  });
});

describe('the part cluster', () => {
  it('says that the context leads to another cluster than the stack means', async () => {
    const other = () =>
      Promise.reject(
        new UserError('the context dev is of another EKS cluster\ngive the right one with --context', {
          code: 'other-cluster',
        }),
      );
    const found = await checkCluster({
      ...{
        shown: 'context dev',
        version: async () => 'v1.26.1',
        lease: async () => undefined,
        isMeant: other,
        pulls: 'puller',
      },
      ...{
        cluster: nothingThere,
        here: '1.0.0',
        now: () => new Date(),
        declared: () => Promise.reject(new Error('no')),
      },
    });
    expect(found.filter(({ result }) => result === 'wrong')).toMatchObject([
      { what: 'kubernetes', mend: 'update the cluster' },
      { what: 'context', mend: 'give the right one with --context' },
      { what: 'puller' },
    ]);
  });
});

/** A cluster that serves no kinds; nothing else is asked of it. */
const nothingThere = { resource: async () => undefined } as unknown as Cluster;
