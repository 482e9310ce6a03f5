import { resolve } from 'node:path';
import { desired } from '../../desired/desired.ts';
import type { SourceTree } from '../../desired/ports.ts';
import { sourcesOf } from '../../desired/sources.ts';
import { applyOrder } from '../../kube/order.ts';
import { UserError } from '../../model/errors.ts';
import { readHead, syncNamed } from '../../pull/head.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printJson } from '../output/json.ts';
import { printYaml } from '../output/yaml.ts';
import { localTree } from '../wiring.ts';
import { renderers } from '../wiring-renderers.ts';

/** `windlass render`: the desired objects of a directory or a sync, in apply order. */
export const render: Command = {
  name: 'render',
  summary: 'print the objects of a directory or a sync, in apply order',
  details: [
    'Reads plain YAML and JSON at any depth, or builds the kustomization at the top, as a pull would; needs no windlass.yaml.',
    'With --sync it does what windlass.yaml says of that sync: its Helm chart, its variables.',
    'Without --path, what the directory refers to may be anywhere in its repository; with --path, in --dir.',
    'A chart is rendered for the Kubernetes version that helm assumes, unless --kube-version says which; a pull takes that of the cluster.',
    'Prints YAML documents; with --json a list of objects.',
    "Exit code: 0; 2 for the user's error, with all problems.",
  ].join('\n'),
  options: {
    dir: {
      type: 'string',
      value: 'DIR',
      help: 'the directory, or with --path or --sync the repository',
      required: true,
    },
    path: { type: 'string', value: 'P', help: 'a directory below --dir' },
    sync: { type: 'string', value: 'NAME', help: 'a sync of windlass.yaml by its expanded name: shop-staging' },
    'kube-version': { type: 'string', value: 'V', help: 'for charts: the version of Kubernetes, like 1.35.2' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass render --dir apps/shop/prod',
    'windlass render --dir . --path apps/shop/prod --json',
    'windlass render --dir . --sync shop-prod --kube-version 1.33.0',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const { tree, what, sources } = await sourcesAsked(args, io);
  const version = args.text('kube-version');
  if (version !== undefined && !/^v?1\.\d+(?:\.\d+)?$/.test(version))
    throw new UserError(`--kube-version ${version} is no version of Kubernetes: write it like 1.35.2`, {
      code: 'usage',
    });
  const capabilities = version === undefined ? undefined : async () => ({ version: withV(version), kinds: [] });
  const { objects, problems } = await desired({ tree, ...sources, ...renderers(io), capabilities });
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    throw new UserError(`${what} has ${count}`, { code: 'render', problems });
  }
  const ordered = applyOrder(objects.map(({ object }) => object));
  if (args.flag('json')) printJson(io, ordered);
  else printYaml(io, ordered);
  return 0;
}

async function sourcesAsked(
  args: Args,
  io: Io,
): Promise<{ tree: SourceTree; what: string; sources: ReturnType<typeof sourcesOf> }> {
  const directory = resolve(io.cwd, args.need('dir'));
  const name = args.text('sync');
  if (name === undefined) {
    const { tree, path } = await localTree(directory, args.text('path'));
    return { tree, what: args.text('path') ?? args.need('dir'), sources: sourcesOf({ path }) };
  }
  if (args.text('path') !== undefined)
    throw new UserError('give --path or --sync, not both: the sync has a path', { code: 'usage' });
  const { tree } = await localTree(directory, '.');
  return { tree, what: `sync ${name}`, sources: sourcesOf(syncNamed(await readHead(tree), name)) };
}

function withV(version: string): string {
  return version.startsWith('v') ? version : `v${version}`;
}
