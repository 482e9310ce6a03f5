import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { installPuller } from '../../lib/cli/bootstrap/install-parts.ts';
import { runCommand } from '../../lib/cli/bootstrap/run-command.ts';
import { stepRunner } from '../../lib/cli/bootstrap/run-steps.ts';
import type { Args, Command, Io } from '../../lib/cli/command.ts';

function ioWith(): { io: Io; stderr: () => string } {
  const stderr = new PassThrough();
  const io = { stdout: new PassThrough(), stderr, env: {}, cwd: '/', now: () => new Date() } as unknown as Io;
  return { io, stderr: () => String(stderr.read() ?? '') };
}

describe('a command as a part of a step', () => {
  const command: Command = {
    ...{ name: 'install', summary: 'does', options: {}, examples: [] },
    run: async (_, { stdout, stderr }) => {
      stderr.write('follows a repo\nnote: there is no key\n');
      stdout.write('3 objects\n');
      return 0;
    },
  };

  it('is shown beside the steps, and its notes are kept', async () => {
    const { io, stderr } = ioWith();
    expect(await runCommand(io, command, [])).toEqual({ lines: ['3 objects'], notes: ['there is no key'] });
    expect(stderr()).toBe('follows a repo\nnote: there is no key\n3 objects\n');
  });

  it('has its notes below the line of the step', async () => {
    const { io, stderr } = ioWith();
    const steps = stepRunner(io);
    await steps.step('puller', undefined, async () => ({ text: 'installed', notes: ['there is no key'], value: true }));
    expect(stderr()).toBe('✓ puller: installed\n  note: there is no key\n');
    expect(steps.reports).toEqual([{ step: 'puller', result: 'done', text: 'installed', notes: ['there is no key'] }]);
  });
});

describe('the context that the puller is installed by', () => {
  const arn = 'arn:aws:eks:eu-west-1:123456789012:cluster/acme-prod';
  const dev = arn.replace('prod', 'dev');
  const server = 'https://0A1B.gr7.eu-west-1.eks.amazonaws.com';
  const queues = {
    wakeQueueUrl: '',
    wakeQueueArn: '',
    reportsQueueUrl: 'https://sqs.test/r.fifo',
    reportsQueueArn: '',
    checkerPrincipalArn: '',
  };
  const granted = { name: 'prod', eks: 'acme-prod', region: 'eu-west-1', arn, ...queues };

  /** What becomes of an installation by a kubeconfig with this context. An address that nobody serves is as far as it comes. */
  async function install(context: string, cluster: string, at: string): Promise<unknown> {
    const dir = mkdtempSync(join(tmpdir(), 'windlass-context-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const kubeconfig = join(dir, 'kubeconfig');
    const config = {
      clusters: [{ name: cluster, cluster: { server: at } }],
      users: [{ name: 'ada', user: { token: 't' } }],
      contexts: [{ name: context, context: { cluster, user: 'ada' } }],
      'current-context': context,
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    const given: Record<string, string> = { kubeconfig, image: 'registry.example.com/windlass:1.0.0', url: 'nowhere' };
    const args: Args = {
      ...{ flag: () => true, text: (name) => given[name], need: (name) => given[name]!, list: () => [] },
      positionals: [],
    };
    const { io } = ioWith();
    const world = { dir, outputs: { branch: 'main' }, cluster: granted };
    const access = { cluster: arn, pullerRoleArn: '', identity: 'pod-identity', checkerGroup: 'windlass:drift' };
    const [first, second] = [world, access] as unknown as [
      Parameters<typeof installPuller>[2],
      Parameters<typeof installPuller>[3],
    ];
    return await installPuller(args, io, first, second).catch((error: Error) => error);
  }
  const refused = (other: string) => ({
    code: 'other-cluster',
    message: expect.stringContaining(`is of another EKS cluster, ${other}`),
  });

  it.each([
    ['ARN', dev, dev, server, dev],
    ['ARN, under an alias', 'prod', dev, server, dev],
    ['ARN as the name of the context', dev, 'k8s', 'https://10.0.0.1', dev],
    [
      'ARN of another account',
      'prod',
      arn.replace('123456789012', '210987654321'),
      server,
      'arn:aws:eks:eu-west-1:2109',
    ],
    ['name by eksctl', 'ada', 'acme-dev.eu-west-1.eksctl.io', server, 'acme-dev in eu-west-1'],
    ['Region of the server', 'prod', 'prod', server.replace('eu-west', 'us-east'), 'one in us-east-1'],
    ['Region of the server, with IPv6', 'prod', 'prod', 'https://0A.eks-cluster.us-east-1.api.aws', 'one in us-east-1'],
  ])('is refused where it is of another cluster by its %s', async (_, context, cluster, at, other) =>
    expect(await install(context, cluster, at)).toMatchObject(refused(other)),
  );

  it('is told with what to do', async () => {
    const { message } = (await install('oops', dev, server)) as Error;
    expect(message).toBe(
      `the context oops is of another EKS cluster, ${dev} (${server}), and prod is ${arn}: give the right one with --context, or make it by aws eks update-kubeconfig --name acme-prod --region eu-west-1`,
    );
  });

  it.each([
    [arn, arn, server],
    ['prod', arn, server],
    ['ada', 'acme-prod.eu-west-1.eksctl.io', server],
    ['kind-dev', 'kind-dev', 'https://127.0.0.1:6443'],
  ])('is taken: %s of %s', async (context, cluster, at) =>
    expect(await install(context, cluster, at)).not.toMatchObject({ code: 'other-cluster' }),
  );
});
