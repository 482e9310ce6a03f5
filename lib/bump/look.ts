import type { Config } from '../config/config.ts';
import { imagesOfFlux } from '../config/flux-images.ts';
import { readHolds } from '../config/holds.ts';
import { imageSurvey, type SurveyedFile } from '../config/image-survey.ts';
import type { Unreadable } from '../config/stop-files.ts';
import { readSuspends, type Suspend } from '../config/suspends.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import type { Problem } from '../model/errors.ts';
import type { Hold } from '../policy/spec.ts';
import type { ConfigRepo, Proposal, RecentCommit } from './ports.ts';
import { type ReviewedPlace, reviewedPlaces } from './route.ts';

/** What the config repo says at one revision, as far as bump needs it. */
export interface Look {
  head: string;
  /** With the image policies of Flux that markers name. */
  config: Config;
  holds: Hold[];
  suspends: Suspend[];
  /** Holds and suspends that cannot be read: what they may be about stays as it is. */
  unreadable: Unreadable[];
  files: SurveyedFile[];
  /** What only a pull request may change. */
  reviewed: ReviewedPlace[];
  /** What cannot be used of Flux's objects. */
  remarks: SkippedMarker[];
  /** Files that may hold markers and are too large to be read. */
  tooLarge: string[];
  recent: RecentCommit[];
  proposals: Proposal[];
}

/** The head has no usable windlass.yaml: bump writes nothing until it has. */
export interface BrokenHead {
  head: string;
  problems: Problem[];
}

/** Reads the head of the branch. Throws what the repo throws. */
export async function lookAtHead(repo: ConfigRepo): Promise<Look | BrokenHead> {
  const { revision: head, windlassFile, recent, proposals, ...stops } = await repo.head();
  if (windlassFile === undefined) return { head, problems: [missing(repo.branch)] };
  const { config, problems } = readConfig(new TextDecoder().decode(windlassFile));
  if (config === undefined) return { head, problems };
  const holds = readHolds(stops.holds);
  const suspends = readSuspends(stops.suspends);
  const { files, tooLarge } = await repo.survey(head, imageSurvey(config));
  const flux = imagesOfFlux(files, Object.keys(config.images));
  return {
    head,
    config: { ...config, images: { ...config.images, ...flux.images } },
    remarks: flux.remarks,
    holds: holds.holds,
    suspends: suspends.suspends,
    unreadable: [...holds.unreadable, ...suspends.unreadable],
    files,
    reviewed: reviewedPlaces(config, files),
    tooLarge,
    recent,
    proposals,
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
