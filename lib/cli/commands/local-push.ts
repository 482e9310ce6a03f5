import { RetryableError, UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { readOnly } from '../local/no-bump.ts';
import { parsePushed } from '../local/pushes.ts';
import { printJson } from '../output/json.ts';
import { findLocalLoop } from '../wiring.ts';

/** `windlass local push IMAGE:TAG`. */
export const localPush: Command = {
  name: 'local push',
  summary: 'tell the running loop that an image was pushed',
  positionals: 'IMAGE:TAG',
  details: `Stands for an image push while "windlass local" runs: the tag is put into the local registry, and the event that ECR
would send goes through the same queue and the same handler that Lambda runs. IMAGE is an image of windlass.yaml, the
whole name or its end (shop/web). A tag that ends in "-broken" makes pods that crash.

JSON: {"accepted": "IMAGE:TAG"}`,
  options: {
    dir: { type: 'string', value: 'DIR', help: 'the directory of the running loop (default: .windlass)' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: ['windlass local push shop/web:1.5.0', 'windlass local push shop/web:1.6.0-broken'],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const [text, ...more] = args.positionals;
  if (text === undefined || more.length > 0) {
    throw new UserError('windlass local push needs one IMAGE:TAG, such as shop/web:1.5.0', { code: 'usage' });
  }
  const pushed = parsePushed(text);
  const { url, ...loop } = await findLocalLoop(io, args.text('dir'));
  if (loop.readOnly) throw new UserError(readOnly(loop.repo ?? 'its config repo'), { code: 'read-only' });
  const response = await fetch(new URL('/api/push', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(pushed),
    signal: io.signal,
  }).catch((cause: unknown) => {
    throw new RetryableError(`the loop at ${url} does not answer`, { code: 'no-answer', cause });
  });
  const answer = (await response.json()) as { accepted?: string; error?: string };
  if (answer.accepted === undefined)
    throw new UserError(answer.error ?? `the loop answered ${response.status}`, { code: 'push-refused' });
  if (args.flag('json')) printJson(io, answer);
  else {
    const where = loop.repo === undefined ? '' : ` to the loop of ${loop.repo}, on ${loop.cluster}`;
    io.stdout.write(`pushed ${answer.accepted}${where}: watch ${url}\n`);
  }
  return 0;
}
