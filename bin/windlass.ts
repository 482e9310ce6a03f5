import { main } from '../lib/cli/main.ts';

const stopping = new AbortController();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    signals += 1;
    // A second Ctrl-C does not wait for anything any more.
    if (signals > 1) process.exit(130);
    stopping.abort();
  });
}
// Started by the launcher on an older Node: a signal to it comes as a message, and its end, however it came, as the end of the channel.
for (const event of ['message', 'disconnect'] as const) process.on(event, () => stopping.abort());
process.channel?.unref();
// A reader that went away (`| head -1`) ends the command as Ctrl-C does, so that it can clean up; what it still writes goes nowhere.
let unread = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    unread = true;
    stopping.abort();
  });
}

const code = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  now: () => new Date(),
  signal: stopping.signal,
});
process.exitCode = unread ? 0 : code;
