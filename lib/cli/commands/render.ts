import { resolve } from 'node:path';
import { desired } from '../../desired/desired.ts';
import { applyOrder } from '../../kube/order.ts';
import { UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printJson } from '../output/json.ts';
import { printYaml } from '../output/yaml.ts';
import { kustomizer, localTree } from '../wiring.ts';

/** `windlass render`: the desired objects of a directory, in apply order. */
export const render: Command = {
  name: 'render',
  summary: 'print the objects of a directory, in apply order',
  details: [
    'Reads plain YAML and JSON at any depth, or builds the kustomization at the top, as a pull would; needs no windlass.yaml.',
    'Without --path, what the directory refers to may be anywhere in its repository; with --path, in --dir.',
    'Prints YAML documents; with --json a list of objects.',
    "Exit code: 0; 2 for the user's error, with all problems.",
  ].join('\n'),
  options: {
    dir: { type: 'string', value: 'DIR', help: 'the directory, or with --path the repository', required: true },
    path: { type: 'string', value: 'P', help: 'a directory below --dir' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: ['windlass render --dir apps/shop/prod', 'windlass render --dir . --path apps/shop/prod --json'],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const { tree, path } = await localTree(resolve(io.cwd, args.need('dir')), args.text('path'));
  const { objects, problems } = await desired({ tree, path, kustomizer: await kustomizer(io) });
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    throw new UserError(`${args.text('path') ?? args.need('dir')} has ${count}`, { code: 'render', problems });
  }
  const ordered = applyOrder(objects.map(({ object }) => object));
  if (args.flag('json')) printJson(io, ordered);
  else printYaml(io, ordered);
  return 0;
}
