import { resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { ask } from '../ask.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { readClusters } from '../init/clusters.ts';
import { type InitPlan, planInit } from '../init/plan.ts';
import { followedEcr } from '../init/report.ts';
import { printNext, printPlan, printRemarks } from '../output/init.ts';
import { printJson } from '../output/json.ts';
import { originOf } from '../wiring.ts';
import { writeInit } from '../wiring-init.ts';
import { renderers } from '../wiring-renderers.ts';

/** `windlass init`: a new config repo, or windlass.yaml for one that is there. */
export const init: Command = {
  name: 'init',
  summary: 'make a new config repo, or propose windlass.yaml for one that is there',
  positionals: '[DIR]',
  details: [
    'In an empty directory (or one that is not there yet): a config repo with one app, staging and prod, that is valid as it is.',
    "In a repository with manifests: a windlass.yaml for them. It finds kustomizations that no other builds on, plain YAML, charts, Flux's Kustomizations,",
    "HelmReleases and image policies, Argo CD's Applications, ApplicationSets and Image Updater annotations; which images run, and which policy their tags",
    'ask for. Beside each tag it puts a marker, at the end of the line; no other byte of a manifest changes. Each sync is rendered before it is',
    'proposed; what does not render, or what windlass.yaml cannot say, stands there as a comment with the reason.',
    'It shows the diff and asks. It never overwrites a file; where windlass.yaml is there, and right, nothing is to do.',
    "Images in Amazon ECR, in registries of your own, and in public ones under the name of the repository's owner are followed; others with --follow.",
    'JSON: { directory, mode, written, files: [{ path, act, diff }], clusters, environments, syncs: [{ name, in, cluster, path, off }],',
    'images: [{ name, image, rule, words }], fluxPolicies, ecr: [{ account, region, names }], remarks: [{ about, message }],',
    'unreadable: [{ code, message, file, line, column }] }; mode is new, add or there, act is create or edit; it writes with --yes only.',
    'Exit code: 0; 1 when the answer was no; 2 when the place is wrong, or a windlass.yaml there is broken.',
  ].join('\n'),
  options: {
    clusters: {
      type: 'string',
      value: 'NAME=EKS:REGION',
      help: 'a cluster: its name in windlass.yaml, its EKS name and region; several with commas',
      multiple: true,
    },
    image: { type: 'string', value: 'REPOSITORY:TAG', help: "a new repo's first app" },
    follow: {
      type: 'string',
      value: 'REPOSITORY',
      help: 'follow this image, too, whoever it belongs to; * stands for any text',
      multiple: true,
    },
    workflow: {
      type: 'string',
      value: 'OWNER/windlass@COMMIT',
      help: 'a workflow that checks pull requests, by the repository that you have Windlass from',
    },
    print: { type: 'boolean', help: 'print the diff for patch -p1, and write nothing' },
    yes: { type: 'boolean', help: 'do not ask' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass init acme-config --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.4.2',
    'windlass init --clusters dev=acme-dev:eu-west-1,prod=acme-prod:eu-west-1',
    'windlass init ../fleet-infra --print | less',
  ],
  run: (args, io) => run(args, io, { guess: true }),
};

/** The same for a stack that is deployed: throws `UserError` where a new repo's first app would be made up. */
export const initOfStack: Command = { ...init, run: (args, io) => run(args, io, { guess: false }) };

async function run(args: Args, io: Io, { guess }: { guess: boolean }): Promise<ExitCode> {
  const [directory = '.', ...more] = args.positionals;
  if (more.length > 0)
    throw new UserError(`windlass init takes one directory: ${args.positionals.join(' ')}`, { code: 'usage' });
  const [image, workflow] = [args.text('image'), args.text('workflow')];
  const plan = await planInit(
    {
      ...{ directory: resolve(io.cwd, directory), follow: args.list('follow'), now: io.now() },
      ...{
        clusters: readClusters(args.list('clusters')),
        ...(image !== undefined && { image }),
        ...(workflow !== undefined && { workflow }),
      },
    },
    { tools: renderers(io), originOf: (path) => originOf(io, path) },
  );
  if (!guess && plan.mode === 'new' && image === undefined) throw noFirstApp(plan.directory, args.list('clusters'));
  if (args.flag('json')) return await asJson(args, io, plan);
  if (plan.mode === 'there') {
    io.stdout.write(
      `windlass.yaml is there and right: nothing to do (windlass validate checks all that it refers to)\n`,
    );
    return 0;
  }
  if (args.flag('print')) {
    for (const { diff } of plan.files) io.stdout.write(diff);
    printRemarks({ stdout: io.stderr, env: io.env }, plan);
    return 0;
  }
  printPlan(io, plan);
  io.stdout.write('\n');
  const wanted = await ask(io, `Write ${plan.files.length === 1 ? 'this file' : `these ${plan.files.length} files`}?`, {
    yes: args.flag('yes'),
  });
  if (!wanted) return 1;
  await write(plan);
  printNext(io, plan, { hasRemote: (await originOf(io, plan.directory)) !== undefined });
  return 0;
}

function noFirstApp(directory: string, clusters: readonly string[]): UserError {
  const where = clusters.map((one) => ` --clusters ${one}`).join('');
  return new UserError(
    `${directory} has no manifests yet, and which image is its first app? Run windlass init ${directory} --image REPOSITORY:TAG${where}, commit and push that, and run this again`,
    { code: 'no-image', subject: directory },
  );
}

async function write({ directory, files, makeRepo }: InitPlan): Promise<void> {
  const created = files.filter(({ act }) => act === 'create');
  const edited = files.flatMap(({ path, before, after }) => (before === undefined ? [] : [{ path, before, after }]));
  await writeInit(directory, { created, edited, makeRepo });
}

async function asJson(args: Args, io: Io, plan: InitPlan): Promise<ExitCode> {
  const written = args.flag('yes') && !args.flag('print') && plan.files.length > 0;
  if (written) await write(plan);
  const { directory, mode, files, proposal, remarks, followed, followedByFlux } = plan;
  printJson(io, {
    ...{ directory, mode, written },
    files: files.map(({ path, act, diff }) => ({ path, act, diff })),
    clusters: proposal?.clusters ?? [],
    environments: (proposal?.environments ?? []).map(({ name, cluster, update }) => ({ name, cluster, update })),
    syncs: (proposal?.syncs ?? []).map(({ name, in: within, cluster, path, off }) => ({
      name,
      in: within,
      cluster,
      path,
      off,
    })),
    images: (proposal?.images ?? []).map(({ name, image, rule, words }) => ({ name, image, rule, words })),
    ...{ fluxPolicies: proposal?.fluxPolicies ?? [], ecr: followedEcr([...followed, ...followedByFlux]), remarks },
    // The line itself is left out: it may hold what is secret.
    unreadable: plan.unreadable.map(({ code, message, file, line, column }) => ({ code, message, file, line, column })),
  });
  return 0;
}
