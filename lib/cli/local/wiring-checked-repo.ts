import type { CheckedRepo } from '../../../functions/handlers/drift-on-schedule.ts';
import type { Config } from '../../config/config.ts';
import type { Parts } from './wiring-parts.ts';

/** Seconds, a hundred years: what is stopped with the terminal is not silent. */
const never = 3_153_600_000;

/** The config repo for the checks of local mode. Puller and check are one process there: neither can watch the other, and both rest with it. */
export function checkedRepo({ source, heads }: Pick<Parts, 'source' | 'heads'>): CheckedRepo {
  return {
    head: async () => {
      const { tree, config } = await heads.at(await source.head());
      return { tree, config: unwatched(config), problems: heads.problems() };
    },
    lastValid: async () => {
      const config = heads.config();
      return config && unwatched(config);
    },
  };
}

function unwatched(config: Config): Config {
  const limits = { ...config.drift.limits, puller: never, checker: never };
  return { ...config, drift: { ...config.drift, limits } };
}
