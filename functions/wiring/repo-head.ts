import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@aws-lambda-powertools/logger';
import type { ConfigRepo, Head, SurveyStore } from '../../lib/bump/ports.ts';
import type { Config } from '../../lib/config/config.ts';
import { readConfig, windlassFileName } from '../../lib/config/windlass-file.ts';
import type { SourceTree } from '../../lib/desired/ports.ts';
import { isTrouble, RetryableError, UserError } from '../../lib/model/errors.ts';
import { openHeads } from '../../lib/pull/heads.ts';
import type { KeptText } from '../../lib/pull/ports.ts';
import type { CheckedRepo } from '../handlers/drift-on-schedule.ts';

/** The head of the config repo, as functions need it that apply nothing: windlass.yaml, and what people stopped. */
export interface RepoHead extends CheckedRepo {
  /**
   * windlass.yaml, as it was at most a minute ago; the last valid one where it is broken or the head cannot be read. Throws `RetryableError` while there
   * never was one.
   */
  config(): Promise<Config>;
  /**
   * windlass.yaml by a look at the head that began at this time or later; the last valid one where it is broken. Throws `RetryableError` while the head cannot
   * be read. Between two looks it waits for seconds: who makes others ask does not use up what the host allows.
   */
  configSince(at: Date): Promise<Config>;
}

/** What reading the head works with. */
export interface RepoHeadDeps {
  /** Keeps the last valid windlass.yaml under the key. */
  store: SurveyStore;
  key: string;
  logger: Logger;
  now(): Date;
  /** Milliseconds. Default: by the timer of Node. */
  sleep?(milliseconds: number): Promise<unknown>;
}

/** Milliseconds for which a windlass.yaml counts without another look. */
const fresh = 60_000;

/** Milliseconds between two looks at the head that messages ask for. A function may wait so long beside its work. */
const pause = 10_000;

/**
 * Reads the head by one question to the host. `store` keeps the last valid windlass.yaml for the next sandbox; where it fails the work goes on, and the
 * log says so.
 */
export function openRepoHead(
  repo: Pick<ConfigRepo, 'head'>,
  { store, key, logger, now, sleep = setTimeout }: RepoHeadDeps,
): RepoHead {
  const kept = keptIn(store, key, logger);
  let found: Head | undefined;
  const heads = openHeads({ open: async () => ({ ...treeOf(found!), close: async () => {} }) }, kept);
  let known: { at: number; config: Promise<Config> } | undefined;

  const head: CheckedRepo['head'] = async () => {
    found = await repo.head();
    const { tree, config } = await heads.at(found.revision);
    return { tree, config, problems: heads.problems() };
  };
  // Another function may have seen a newer one.
  const lastValid = async () => validIn(await kept.read()) ?? heads.config();
  let begun = Number.NEGATIVE_INFINITY;
  let looked: { at: number; config: Config } | undefined;
  const look = async () => {
    begun = now().getTime();
    const at = begun;
    const { config } = await head();
    looked = { at, config };
    return config;
  };
  const config = async () => {
    try {
      return await look();
    } catch (error) {
      if (!isTrouble(error)) throw error;
      const last = await lastValid();
      const message = `no windlass.yaml could be read yet: ${error.message}`;
      if (last === undefined)
        throw new RetryableError(message, { code: 'config-unknown', subject: windlassFileName, cause: error });
      logger.warn('the head of the config repo cannot be read: the last valid windlass.yaml counts', error);
      return last;
    }
  };
  return {
    head,
    lastValid,
    config: async () => {
      const at = now().getTime();
      if (known === undefined || at - known.at > fresh) known = { at, config: config() };
      const mine = known;
      return await mine.config.catch((error: unknown) => {
        if (known === mine) known = undefined;
        throw error;
      });
    },
    configSince: async (at) => {
      if (looked !== undefined && looked.at >= at.getTime()) return looked.config;
      const left = begun + pause - now().getTime();
      if (left > 0) await sleep(left);
      const config = await look().catch((error: unknown) => {
        if (isTrouble(error)) throw notNow(error.message, error);
        throw error;
      });
      known = { at: begun, config: Promise.resolve(config) };
      return config;
    },
  };
}

function notNow(why: string, cause?: Error): RetryableError {
  const message = `the head of the config repo cannot be read now: ${why}`;
  return new RetryableError(message, { code: 'head-unknown', subject: windlassFileName, cause });
}

/** The files of a head as a tree: no more than what bump reads of it. */
function treeOf({ revision, windlassFile, holds, suspends }: Head): SourceTree {
  const root = windlassFile === undefined ? [] : [{ path: windlassFileName, bytes: windlassFile }];
  const all = [...root, ...holds, ...suspends];
  return {
    revision,
    files: async (below) =>
      all
        .filter(({ path }) => below === '.' || path.startsWith(`${below}/`))
        .map(({ path, bytes }) => ({ path, size: bytes.byteLength, kind: 'file' })),
    read: async (path) => {
      const file = all.find((one) => one.path === path);
      if (file !== undefined) return file.bytes;
      throw new UserError(`${path} is not a file of commit ${revision}`, { code: 'file-missing', subject: path });
    },
  };
}

/** Losing it costs no more than that nothing stands in while the head is broken. */
function keptIn(store: SurveyStore, key: string, logger: Logger): KeptText {
  const careful = <T>(work: Promise<T>) =>
    work.catch((error: Error) => void logger.warn('the last valid windlass.yaml is not kept', error));
  return {
    read: async () => {
      const bytes = await careful(store.load(key));
      return bytes && new TextDecoder().decode(bytes);
    },
    write: async (text) => void (await careful(store.save(key, new TextEncoder().encode(text)))),
  };
}

/** A file that an older Windlass kept may be none for this one: then there is none. */
function validIn(text: string | undefined): Config | undefined {
  const { config, problems } = text === undefined ? { problems: [] } : readConfig(text);
  return problems.length > 0 ? undefined : config;
}
