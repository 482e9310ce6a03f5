import { UserError } from '../../model/errors.ts';
import { type Choice, choose } from '../../policy/choose.ts';
import { compilePolicy } from '../../policy/policy.ts';
import { readPolicy } from '../../policy/read-policy.ts';
import { readTags } from '../../policy/read-tags.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printJson } from '../output/json.ts';
import { styleFor } from '../output/style.ts';
import { table } from '../output/table.ts';
import { nameOfInput, readInput } from '../read-input.ts';

/** `windlass policy test`: which tag a policy chooses of a list, and why not the others. */
export const policyTest: Command = {
  name: 'policy test',
  summary: 'show which tag a policy chooses, and why not the others',
  details: [
    'Reads one entry of "images" in windlass.yaml, or a Flux ImagePolicy, and a list of tags: one a line, or a JSON array.',
    'With --current the choice is made as bump makes it: never an older tag than the current one.',
    'JSON: { chosen, tags: [{ tag, reason }] }, in the order of the list; "chosen" is null when no tag is to be taken.',
    'Exit code: 0, also when no tag is chosen; 2 for a policy or list that cannot be read.',
  ].join('\n'),
  options: {
    policy: { type: 'string', value: 'FILE|-', help: 'the policy, YAML or JSON', required: true },
    tags: { type: 'string', value: 'FILE|-', help: 'the tags', required: true },
    current: { type: 'string', value: 'TAG', help: 'the tag that Git has now' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass policy test --policy policy.yaml --tags tags.txt',
    'crane ls ghcr.io/acme/web | windlass policy test --policy policy.yaml --tags - --current 1.4.0',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const [policyFile, tagsFile] = [args.need('policy'), args.need('tags')];
  if (policyFile === '-' && tagsFile === '-') {
    throw new UserError('only one of --policy and --tags can be read from standard input', { code: 'usage' });
  }
  const policy = compilePolicy(readPolicy(await readInput(io, policyFile), nameOfInput(policyFile)));
  const tags = readTags(await readInput(io, tagsFile), nameOfInput(tagsFile));
  const choice = choose({ policy, tags, current: args.text('current'), now: io.now() });
  if (args.flag('json')) printJson(io, { chosen: choice.chosen ?? null, tags: choice.tags });
  else print(io, choice);
  return 0;
}

function print(io: Io, choice: Choice): void {
  const style = styleFor(io.stdout, io.env);
  const rows = choice.tags.map(({ tag, reason }) => [tag, reason]);
  const paint = (cell: string, column: number, row: number) => {
    if (choice.tags[row]!.tag === choice.chosen) return column === 0 ? style.green(cell) : cell;
    return column === 0 ? cell : style.dim(cell);
  };
  if (rows.length > 0) io.stdout.write(`${table(rows, paint)}\n\n`);
  const adopted = choice.adopted.map((text) => `; ${text} has no place in the policy's order and is replaced`).join('');
  io.stdout.write(`${style.bold(choice.chosen ?? 'no tag is chosen')}: ${choice.reason}${adopted}\n`);
}
