import assert from 'node:assert';
import { once } from 'node:events';
import { test } from 'node:test';
import { app } from '../server.js';

test('it is healthy', async () => {
  const server = app().listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${server.address().port}/healthz`);
    assert.equal(await response.text(), 'ok\n');
  } finally {
    server.close();
  }
});
