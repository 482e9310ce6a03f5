import { createQueue } from '../../lib/adapters/local/queue.ts';
import { queueSuite } from './queue-suite.ts';

queueSuite('the queue of local mode', async (handler) => {
  const dead: string[] = [];
  const queue = createQueue({ name: 'pushes', handler, backoff: 5, onDeadLetter: ({ body }) => void dead.push(body) });
  return { send: queue.send, drain: queue.drain, deadLetters: async () => dead };
});
