import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A queue of SQS as far as the puller is woken by it: long polls, and no message that comes twice. */
export interface WakeMessages {
  url: string;
  send(): void;
  close(): Promise<void>;
}

/** Milliseconds that a poll waits for a message. */
const longPoll = 20_000;

/** Serves the queue on 127.0.0.1, in the JSON protocol of AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/. */
export async function serveWakeMessages(): Promise<WakeMessages> {
  const polls = new Set<(isMessage: boolean) => void>();
  let waiting = 0;
  const next = () =>
    new Promise<boolean>((resolve) => {
      if (waiting > 0) {
        waiting = 0;
        return resolve(true);
      }
      const done = (isMessage: boolean) => {
        clearTimeout(timer);
        polls.delete(done);
        resolve(isMessage);
      };
      const timer = setTimeout(() => done(false), longPoll);
      polls.add(done);
    });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const action = String(request.headers['x-amz-target']).split('.').at(-1);
    const asked = (await json(request)) as { Entries?: { Id: string }[] };
    const said =
      action === 'ReceiveMessage'
        ? { Messages: (await next()) ? [message()] : [] }
        : { Successful: (asked.Entries ?? []).map(({ Id }) => ({ Id })), Failed: [] };
    response.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify(said));
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/000000000000/wake`,
    send: () => {
      const [poll] = polls;
      if (poll === undefined) waiting++;
      else poll(true);
    },
    close: async () => {
      for (const poll of polls) poll(false);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function message() {
  const Body = 'look';
  return {
    MessageId: randomUUID(),
    ReceiptHandle: randomUUID(),
    Body,
    MD5OfBody: createHash('md5').update(Body).digest('hex'),
  };
}
