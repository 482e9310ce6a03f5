import type { BrokenHead, Look } from '../../bump/look.ts';
import { holdPath, holdProblem } from '../../config/holds.ts';
import { suspendPath } from '../../config/suspends.ts';
import type { BranchRules } from '../../model/branch-rules.ts';
import { formatProblem, type Problem } from '../../model/errors.ts';
import { fewOf } from '../../model/shorten.ts';
import { hasPassed } from '../../model/until.ts';
import { judgeRules } from './branch-rules.ts';
import { failed, looked, note, ok, type Said, unchecked, unreachable, wrong } from './finding.ts';

/** A config repo that is looked at. */
export interface RepoDeps {
  /** For people: `acme/config`, `../config`. */
  shown: string;
  /** What is asked with: `a token`, `GitHub App 7`, `git`. */
  who: string;
  branch(): Promise<string>;
  look(): Promise<Look | BrokenHead>;
  /** GitHub alone tells its rules. */
  rules?: () => Promise<BranchRules>;
  /** Asks a Git server whether it would take a push, and pushes nothing. */
  tryPush?: () => Promise<void>;
  now(): Date;
}

/** Checks that the config repo can be read, that what is in it can be used, and that a commit of Windlass would be taken. */
export async function checkRepo(deps: RepoDeps): Promise<Said[]> {
  let look: Look | BrokenHead;
  try {
    look = await deps.look();
  } catch (error) {
    return [unreachable('read', error, 'look at the network, and at the address of the config repo')];
  }
  const { shown, who } = deps;
  const read = ok('read', `${shown}, branch ${await deps.branch()} at ${look.head.slice(0, 12)}, by ${who}`);
  if ('problems' in look)
    return [read, ...brokenFile(look.problems), ...(await looked('write', () => checkWrite(deps, [])))];
  return [
    read,
    ...checkContent(look, deps.now()),
    ...(await looked('write', () => checkWrite(deps, committedOf(look)))),
  ];
}

function brokenFile(problems: readonly Problem[]): Said[] {
  const text = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const all = problems.slice(0, most).map((problem) => formatProblem({ ...problem, source: undefined }));
  return [
    wrong(
      'windlass.yaml',
      `${text}: nothing is bumped until it is mended`,
      [...all, 'windlass validate shows all of it'].join('\n'),
    ),
  ];
}

const most = 5;

async function checkWrite({ shown, branch, rules, tryPush }: RepoDeps, committed: readonly string[]): Promise<Said[]> {
  if (rules !== undefined) return judgeRules(await rules(), { repo: shown, branch: await branch(), committed });
  if (tryPush === undefined) return [unchecked('write', 'whether commits are taken is not known')];
  try {
    await tryPush();
  } catch (error) {
    return [failed('write', error)];
  }
  return [ok('write', 'the server takes a push; what its hooks say to a commit is seen at the first one')];
}

/** Images of which a part is committed to the branch itself. */
function committedOf({ config }: Look): string[] {
  return Object.values(config.images)
    .filter(({ update, notYet }) => update === 'commit' && notYet === undefined)
    .map(({ name }) => name);
}

function checkContent(look: Look, now: Date): Said[] {
  const { config } = look;
  const [images, clusters] = [config.images, config.clusters].map((named) => Object.keys(named).length);
  return [
    ok('windlass.yaml', `valid; image policies: ${images}, syncs: ${config.syncs.length}, clusters: ${clusters}`),
    ...unusedImages(look),
    ...unreadableStops(look),
    ...look.holds.flatMap((hold) => {
      const problem = holdProblem(hold, config.images);
      return problem === undefined
        ? []
        : [wrong('holds', formatProblem({ ...problem, source: undefined }), `correct ${holdPath(hold)}, or delete it`)];
    }),
    ...voidStops(look, now),
    ...markers(look),
  ];
}

/** Each file once, with all names that it may be about. */
function unreadableStops({ unreadable }: Look): Said[] {
  const byFile = Map.groupBy(unreadable, ({ problems }) =>
    problems.map((one) => formatProblem({ ...one, source: undefined })).join('\n'),
  );
  return [...byFile].map(([problems, about]) => {
    const names = [...new Set(about.map(({ name }) => name ?? 'all'))];
    const are = names.length === 1 ? 'is' : 'are';
    return wrong('holds and suspends', `${names.join(' and ')} ${are} stopped by a file that cannot be read`, problems);
  });
}

function unusedImages({ config }: Look): Said[] {
  return Object.values(config.images).flatMap(({ name, notYet }) =>
    notYet === undefined ? [] : [note('windlass.yaml', `${name} is not bumped: ${notYet.join('; ')}`)],
  );
}

function voidStops({ holds, suspends }: Look, now: Date): Said[] {
  const past = [
    ...holds.filter(({ until }) => hasPassed(until, now)).map((hold) => holdPath(hold)),
    ...suspends.filter(({ until }) => hasPassed(until, now)).map((suspend) => suspendPath(suspend)),
  ];
  return past.map((path) => note('holds and suspends', `${path} is void: its time has passed`, 'delete the file'));
}

/** What stands beside an image and does nothing. Flux's policies are among the config's images already. */
function markers({ config, files, remarks, tooLarge }: Look): Said[] {
  const unknown = files.flatMap(({ path, facts }) =>
    facts.markers
      .filter(({ policy }) => !Object.hasOwn(config.images, policy))
      .map(({ policy, line }) => `${path}:${line} names "${policy}"`),
  );
  const skipped = [
    ...files.flatMap(({ path, facts }) => facts.skipped.map((one) => ({ file: path, ...one }))),
    ...remarks,
  ];
  return [
    ...(unknown.length === 0
      ? []
      : [
          note(
            'markers',
            `no policy has this name: ${fewOf(unknown, most)}`,
            'write the policy under images in windlass.yaml, or correct the marker',
          ),
        ]),
    ...(skipped.length === 0
      ? []
      : [
          note(
            'markers',
            `not applied: ${fewOf(
              skipped.map(({ file, line, reason }) => `${file}:${line} (${reason})`),
              most,
            )}`,
            'windlass validate says more of each',
          ),
        ]),
    ...(tooLarge.length === 0
      ? []
      : [note('markers', `too large to be read: ${fewOf(tooLarge, most)}`, 'divide the file')]),
  ];
}
