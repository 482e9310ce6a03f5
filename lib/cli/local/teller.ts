import { messageOf } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import { styleFor } from '../output/style.ts';
import { type Announcer, announcer } from './announce.ts';
import { type Changes, createChanges } from './changes.ts';

/** How the flows of a loop speak to the terminal and the page. */
export interface Teller {
  /** The lines of the terminal. */
  lines: Announcer;
  print(text: string | undefined): void;
  /** Tells that something did not work and is tried again; the same failure of one thing (`key`) once a minute at most. */
  failed(what: string, error: unknown, key?: string): void;
  changes: Changes;
}

/** Makes the teller of one loop. */
export function createTeller(io: Io): Teller {
  const lines = announcer(styleFor(io.stdout, io.env));
  const print = (text: string | undefined) => {
    if (text !== undefined) io.stdout.write(`${text}\n`);
  };
  const told = new Map<string, { message: string; at: number }>();
  return {
    lines,
    print,
    failed: (what, error, key = what) => {
      const message = messageOf(error);
      const now = io.now().getTime();
      for (const [old, { at }] of told) if (now - at >= 60_000) told.delete(old);
      if (told.get(key)?.message === message) return;
      told.set(key, { message, at: now });
      print(lines.trouble(io.now(), what, message));
    },
    changes: createChanges(),
  };
}
