import type { Config } from '../config/config.ts';
import {
  holdsDirectory,
  readHolds,
  readSuspends,
  type Suspend,
  suspendsDirectory,
  type Unreadable,
} from '../config/holds.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import { findMarkers, type MarkedFile } from '../edit/find-markers.ts';
import { markerToken } from '../edit/source-file.ts';
import type { Problem } from '../model/errors.ts';
import type { Hold } from '../policy/spec.ts';
import type { ConfigRepo } from './ports.ts';
import { type ReviewedPlace, readReviewed } from './reviewed.ts';

/** What the config repo says at one revision, as far as bump needs it. */
export interface Look {
  head: string;
  config: Config;
  holds: Hold[];
  suspends: Suspend[];
  /** Holds and suspends that cannot be read: what they may be about stays as it is. */
  unreadable: Unreadable[];
  /** The files with markers. */
  files: MarkedFile[];
  /** What only a pull request may change. */
  reviewed: ReviewedPlace[];
  /** Files that hold the marker's token and are too large to be read. */
  tooLarge: string[];
}

/** The head has no usable windlass.yaml: bump writes nothing until it has. */
export interface BrokenHead {
  head: string;
  problems: Problem[];
}

/** Reads the head of the branch. Throws what the repo throws. */
export async function lookAtHead(repo: ConfigRepo): Promise<Look | BrokenHead> {
  const head = await repo.head();
  const bytes = await repo.read(head, windlassFileName);
  if (bytes === undefined) return { head, problems: [missing(repo.branch)] };
  const { config, problems } = readConfig(new TextDecoder().decode(bytes));
  if (config === undefined) return { head, problems };
  const holds = readHolds(await repo.filesIn(head, holdsDirectory));
  const suspends = readSuspends(await repo.filesIn(head, suspendsDirectory));
  const { files, tooLarge } = await repo.filesContaining(head, markerToken);
  return {
    head,
    config,
    holds: holds.holds,
    suspends: suspends.suspends,
    unreadable: [...holds.unreadable, ...suspends.unreadable],
    files: files.map(findMarkers).filter((file) => file !== undefined),
    reviewed: await readReviewed(config, head, repo),
    tooLarge,
  };
}

function missing(branch: string): Problem {
  return {
    code: 'windlass-file-missing',
    file: windlassFileName,
    message: `the branch ${branch} has no ${windlassFileName}`,
    hint: 'it belongs in the root of the config repo and begins with "windlass: 1"',
  };
}
