import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../helpers/cluster.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { createGitHub, type GitHub } from '../standins/github.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

await describeWithMiniStack('npm run verify:aws', () => {
  let aws: MiniStack;
  let github: GitHub;
  let api: Awaited<ReturnType<GitHub['listen']>>;
  let home: string;
  const clients = () => ({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'windlass-test-verify-'));
    aws = await startMiniStack();
    const access = { app: { id: 7, installationId: 42, publicKey } };
    github = await createGitHub({ files: { 'README.md': '# config\n' }, access, limit: Number.POSITIVE_INFINITY });
    api = await github.listen();
    const secrets = new SecretsManagerClient(clients());
    const SecretString = JSON.stringify({ appId: 7, privateKey });
    await secrets.send(new CreateSecretCommand({ Name: 'windlass/github', SecretString }));
    const bootstrap = start(['node_modules/aws-cdk/bin/cdk', 'bootstrap', `aws://${aws.account}/${aws.region}`]);
    expect([await bootstrap.ended, bootstrap.output()]).toEqual([0, expect.any(String)]);
  });
  afterAll(async () => {
    await api?.close();
    await aws?.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  });

  /** A program of Node with the credentials of MiniStack's account. */
  function start(args: string[]): { ended: Promise<number | null>; output(): string; stop(): void } {
    const child = spawn(process.execPath, args, {
      env: {
        ...{ PATH: process.env['PATH'], HOME: home, CI: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true' },
        ...{ AWS_REGION: aws.region, AWS_ENDPOINT_URL: aws.endpoint, AWS_ENDPOINT_URL_S3: aws.endpoint },
        // The CDK makes the app first, and nobody filled in its cdk.json here.
        WINDLASS_EXAMPLE: 'acme/shop-config',
        AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    return { ended, output: () => output, stop: () => child.kill('SIGINT') };
  }

  const verification = (...more: string[]) =>
    start(['aws/verify/verify-aws.ts', '--repo', 'acme/config', '--github-url', `${api.url}/api/v3`, ...more]);

  /** What is there whose name tells of a verification. */
  async function left(): Promise<string[]> {
    const stacks = await new CloudFormationClient(clients()).send(new ListStacksCommand({}));
    const tables = await new DynamoDBClient(clients()).send(new ListTablesCommand({}));
    const repositories = await new ECRClient(clients()).send(new DescribeRepositoriesCommand({}));
    const standing = stacks.StackSummaries!.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
    const names = [
      ...standing.map(({ StackName }) => StackName!),
      ...tables.TableNames!,
      ...repositories.repositories!.map(({ repositoryName }) => repositoryName!),
      ...github.repository.refs.keys(),
    ];
    return names.filter((name) => /verify/i.test(name));
  }

  it('says what it makes and what it costs, proves the way of an image as far as MiniStack goes, and leaves nothing', async () => {
    const main = github.head('main');
    const run = verification('--yes');
    const code = await run.ended;
    const output = run.output();
    const lines = output.split('\n').filter((line) => /^\d\d:\d\d:\d\d /.test(line));
    const of = (what: string) => lines.filter((line) => line.includes(` ${what}: `)).map((line) => line.slice(9));
    expect(output).toMatch(/In the AWS account 000000000000, in eu-west-1:[\s\S]*less than \$0\.10 in all/);
    expect(of('push to commit')).toEqual([expect.stringMatching(/^✓ push to commit: [0-9a-f]{8} after \d+\.\d s: /)]);
    expect(of('functions')).toEqual([expect.stringMatching(/^✓ functions: 5 of 5: nodejs24\.x arm64 .*traced/)]);
    expect(of('audit')).toEqual([expect.stringMatching(/^✓ audit: \d+ records/)]);
    expect(of('drift check')).toEqual([expect.stringMatching(/^✓ drift check: it ran to its end/)]);
    expect(of('alarms')).toEqual([expect.stringMatching(/^✓ alarms: (\d+) of \1 are there, \d+ ring$/)]);
    expect(of('dead letters')).toEqual([expect.stringMatching(/^✓ dead letters: 0 messages in \d+ queues$/)]);
    // MiniStack has no X-Ray: this is the one thing that a run here cannot see, and the run says so.
    expect(lines.filter((line) => line.slice(9).startsWith('✗')).map((line) => line.slice(9, 16))).toEqual(['✗ X-Ray']);
    expect(code).toBe(1);
    expect(output).not.toContain(privateKey.split('\n')[5]);
    expect(await left()).toEqual([]);
    expect(github.head('main')).toBe(main);
  });

  it('removes what it had made when it is stopped in the midst of it', async () => {
    const run = verification('--yes');
    await waitFor(() => /CREATE_(?:IN_PROGRESS|COMPLETE)/.test(run.output()), { what: 'the stack is being made' });
    run.stop();
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain('✗ stopped');
    expect(await left()).toEqual([]);
  });

  it('does nothing where nobody can be asked, and for a wrong cluster', async () => {
    const asked = verification();
    expect([await asked.ended, asked.output()]).toEqual([2, expect.stringContaining('give --yes to do it')]);
    const wrong = verification('--yes', '--cluster', 'arn:aws:eks:eu-west-1:111122223333:cluster/prod');
    expect([await wrong.ended, wrong.output()]).toEqual([
      2,
      expect.stringContaining('is no EKS cluster of the account 000000000000 in eu-west-1'),
    ]);
    expect(await left()).toEqual([]);
  });
});
