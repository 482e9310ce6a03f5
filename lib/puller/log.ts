import { messageOf, UserError } from '../model/errors.ts';

/** The puller's log: one line of JSON each, as CloudWatch and every collector of container logs take them apart. */
export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  /** Like `info`, of something that is not as it should be. */
  bad(level: 'warn' | 'error', message: string, fields?: Record<string, unknown>): void;
  /** Something did not work and is tried again; the same failure of one thing once a minute at most. */
  failed(what: string, error: unknown): void;
  /** Texts that must not be seen, whoever wrote them into a message. */
  hide(secrets: readonly string[]): void;
  /** A text without them, for what is shown elsewhere. */
  masked(text: string): string;
}

const everyMs = 60_000;
/** Shorter ones would be found in harmless texts; a key or token is longer. */
const shortestSecret = 8;

/** Opens a log on a stream of text. */
export function openLog(write: (line: string) => void, now: () => Date): Log {
  const secrets = new Set<string>();
  const told = new Map<string, { message: string; at: number }>();
  const without = (text: string) => {
    let masked = text;
    for (const secret of secrets) masked = masked.replaceAll(secret, '***');
    return masked;
  };
  const print = (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => {
    write(`${without(JSON.stringify({ time: now().toISOString(), level, message, ...fields }))}\n`);
  };
  return {
    info: (message, fields = {}) => print('info', message, fields),
    bad: (level, message, fields = {}) => print(level, message, fields),
    failed: (what, error) => {
      const reason = messageOf(error);
      const at = now().getTime();
      const last = told.get(what);
      if (last?.message === reason && at - last.at < everyMs) return;
      told.set(what, { message: reason, at });
      const code = (error as { code?: unknown } | undefined)?.code;
      const problems = error instanceof UserError && error.problems.length > 0 ? { problems: error.problems } : {};
      print('error', `could not ${what}: ${reason}`, { ...(typeof code === 'string' && { code }), ...problems });
    },
    // What is hidden is known as it stands in JSON.
    masked: (text) => JSON.parse(without(JSON.stringify(text))),
    hide: (texts) => {
      for (const text of texts) {
        // As it is, and as it stands in a string of JSON; a key of many lines also line by line.
        const parts = [text, ...text.split('\n')]
          .map((part) => part.trim())
          .filter((part) => part.length >= shortestSecret);
        for (const part of parts.filter((one) => !one.startsWith('-----')))
          secrets.add(JSON.stringify(part).slice(1, -1));
      }
    },
  };
}
