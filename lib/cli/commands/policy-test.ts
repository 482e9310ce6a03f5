import { UserError } from '../../model/errors.ts';
import { isDigest, parseImageRef } from '../../model/image-ref.ts';
import { type Choice, choose, type TagReason } from '../../policy/choose.ts';
import { chooseDigest, type DigestInGit } from '../../policy/choose-digest.ts';
import { compilePolicy, type Policy } from '../../policy/policy.ts';
import { readPolicy } from '../../policy/read-policy.ts';
import { readTags } from '../../policy/read-tags.ts';
import { byTag, type TagFacts } from '../../policy/tag-facts.ts';
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
    'Reads one entry of "images" in windlass.yaml, or a Flux ImagePolicy (beside its ImageRepository, for the exclusions),',
    'and a list of tags: one a line, or a JSON array of texts or of { "tag", "digest", "pushedAt" }. "newest" needs the push times, "digest" the digest.',
    'With --current the choice is made as bump makes it: never an older tag than the current one.',
    'JSON: { chosen, tags: [{ tag, reason }] }, in the order of the list; "chosen" is null when no tag is to be taken.',
    'Exit code: 0, also when no tag is chosen; 2 for a policy or list that cannot be read.',
  ].join('\n'),
  options: {
    policy: { type: 'string', value: 'FILE|-', help: 'the policy, YAML or JSON', required: true },
    tags: { type: 'string', value: 'FILE|-', help: 'the tags', required: true },
    current: { type: 'string', value: 'TAG[@DIGEST]', help: 'what Git has now; a whole reference is well, too' },
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
  const current = args.text('current');
  const answer =
    policy.follows === undefined ? chooseTag(policy, tags, current, io.now()) : follow(policy, tags, current, io.now());
  if (args.flag('json')) printJson(io, { chosen: answer.chosen ?? null, tags: answer.tags });
  else print(io, answer);
  return 0;
}

/** What is printed; `strange` is what makes a text in Git one that is adopted. */
type Answer = Pick<Choice, 'chosen' | 'reason' | 'adopted' | 'tags'> & { strange: string };

function chooseTag(
  policy: Policy,
  tags: readonly (string | TagFacts)[],
  current: string | undefined,
  now: Date,
): Answer {
  const { tag } = current === undefined ? {} : gitHas(current);
  const untagged = current !== undefined && tag === undefined ? [current] : [];
  const choice = choose({ policy, tags, current: tag, untagged, now });
  return { ...choice, strange: "has no place in the policy's order" };
}

/** A `digest` policy looks at one tag alone. */
function follow(policy: Policy, tags: readonly (string | TagFacts)[], current: string | undefined, now: Date): Answer {
  const listed = byTag(tags);
  const followed = listed.get(policy.follows!);
  if (followed !== undefined && followed.digest === undefined) {
    throw new UserError(
      `the list does not tell the digest of ${followed.tag}: give a JSON array, [{ "tag": "${followed.tag}", "digest": "sha256:..." }]`,
      { code: 'tags-file', subject: followed.tag },
    );
  }
  const inGit = current === undefined ? [] : [gitHas(current)];
  const { chosen, ...choice } = chooseDigest({ policy, digest: followed?.digest, current: inGit, now });
  const reasons = [...listed.keys()].map((tag) => choice.tags.find((one) => one.tag === tag) ?? misfitOf(policy, tag));
  const strange = `does not say the digest of ${policy.follows}`;
  return {
    ...choice,
    strange,
    tags: reasons,
    ...(chosen === undefined ? {} : { chosen: `${chosen.tag}@${chosen.digest}` }),
  };
}

function misfitOf(policy: Policy, tag: string): TagReason {
  const place = policy.place(tag);
  return { tag, reason: 'misfit' in place ? place.misfit : '' };
}

/** What `--current` says: a tag, a digest, or a whole reference as it stands in Git. */
function gitHas(current: string): DigestInGit {
  if (isDigest(current)) return { digest: current };
  const ref = /[:/]/.test(current.replace(/@.*/, '')) ? parseImageRef(current) : undefined;
  if (ref !== undefined) return { tag: ref.tag, digest: ref.digest };
  const at = current.indexOf('@');
  return at < 0 ? { tag: current } : { tag: current.slice(0, at), digest: current.slice(at + 1) };
}

function print(io: Io, answer: Answer): void {
  const style = styleFor(io.stdout, io.env);
  const rows = answer.tags.map(({ tag, reason }) => [tag, reason]);
  const paint = (cell: string, column: number, row: number) => {
    const { tag, reason } = answer.tags[row]!;
    const isChosen = tag === answer.chosen || reason.startsWith('chosen: ');
    if (isChosen) return column === 0 ? style.green(cell) : cell;
    return column === 0 ? cell : style.dim(cell);
  };
  if (rows.length > 0) io.stdout.write(`${table(rows, paint)}\n\n`);
  const adopted = answer.adopted.map((text) => `; ${text} ${answer.strange} and is replaced`).join('');
  io.stdout.write(`${style.bold(answer.chosen ?? 'no tag is chosen')}: ${answer.reason}${adopted}\n`);
}
