import { UserError } from '../../model/errors.ts';
import { amongKnown } from '../../model/nearest.ts';
import type { ImageState } from '../../model/state.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printImages } from '../output/images.ts';
import { printJson } from '../output/json.ts';
import { shownRepo } from '../shown-repo.ts';
import { lookAtGit } from '../status/git-look.ts';
import { imageListing } from '../status/image-listing.ts';
import { openRecordsOf, recordsOptions, repoMeant } from '../wiring-records.ts';
import { onlyTarget } from './repo-options.ts';

/** `windlass image list`: the image policies and how each stands. */
export const imageList: Command = {
  name: 'image list',
  summary: 'list the image policies: what Git has, what is newest, and why it waits',
  positionals: '[image/NAME]',
  details: [
    'Shows of each image policy its rule, what Git has, the newest tag that bump saw, why that is not in Git (held, by whom and until when; suspended; a gate),',
    'and every place in Git that it is written to.',
    '',
    'Reads the records of a running "windlass local", or those of a stack in AWS, and the head of the config repo. With --repo, and without a loop or a stack, it',
    'shows what Git alone knows. It asks no registry: windlass sweep --dry-run does.',
    'JSON: { repo, branch, head, problem, images: [{ image, repository, rule, git, newest, standing, why, holds: [{ tag, past, who, why, until }],',
    'places: [{ file, line, value }] }] }; standing: up to date, bump due, waiting, failing, held, no tag fits, nowhere or not looked at yet.',
    'Exit code: 0; 2 for wrong input, a name that nobody knows, or a stack that is not there; 3 for a failure.',
  ].join('\n'),
  options: {
    ...recordsOptions,
    repo: { type: 'string', value: 'REPO', help: 'the config repo to read (default: the one of the records)' },
    branch: { type: 'string', value: 'B', help: 'its branch (default: the one of the records)' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass image list',
    'windlass image list image/web --json',
    'windlass image list --repo ../shop-config',
  ],
  run,
};

/** What is known of the images, and where Git is. */
interface Known {
  /** What bump last saw; absent without records. */
  states?: ImageState[];
  source: { repo: string; branch: string | undefined };
}

async function run(args: Args, io: Io): Promise<ExitCode> {
  const name = nameOf(args);
  const { states, source } = await readStates(args, io);
  const git = await lookAtGit(io, source);
  if (git.look === undefined && states === undefined)
    throw new UserError(git.problem ?? 'Git cannot be read', { code: 'no-images', subject: source.repo });
  const all = imageListing(git, states ?? [], io.now());
  const images = name === undefined ? all : all.filter(({ image }) => image === name);
  if (name !== undefined && images.length === 0) {
    const known = all.map(({ image }) => image);
    throw new UserError(`there is no image "${name}"${amongKnown(name, known)}`, {
      code: 'unknown-image',
      subject: name,
    });
  }
  if (git.problem !== undefined) io.stderr.write(`note: ${git.problem}\n`);
  const { head = null, problem = null } = git;
  if (args.flag('json')) printJson(io, { ...source, repo: shownRepo(source.repo), head, problem, images });
  else printImages(io, images);
  return 0;
}

function nameOf(args: Args): string | undefined {
  const text = onlyTarget('image list', args);
  if (text === undefined) return undefined;
  const [, name] = /^image\/(.+)$/.exec(text) ?? [];
  if (name !== undefined) return name;
  throw new UserError(`"${text}" is no image: write image/NAME`, { code: 'usage', subject: text });
}

/** Where the repo is named, records are welcome and not needed. */
async function readStates(args: Args, io: Io): Promise<Known> {
  const isAsked = Object.keys(recordsOptions).some((option) => args.text(option) !== undefined);
  const opened = await openRecordsOf(args, io).catch((error: unknown) => {
    if (args.text('repo') === undefined || isAsked || !(error instanceof UserError)) throw error;
  });
  if (opened === undefined) return { source: repoMeant(args, undefined) };
  try {
    return { states: await opened.records.images(), source: repoMeant(args, opened.source) };
  } finally {
    opened.close();
  }
}
