import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openStackState } from '../../../lib/adapters/aws/stack-state.ts';

/** Answers as AWS: two pages of event source mappings, and a template. */
let template = '';
const server = createServer((request, response) => {
  const url = new URL(request.url!, 'http://aws');
  if (url.pathname.includes('event-source-mappings')) {
    const isSecond = url.searchParams.get('Marker') === 'more';
    const mapping = { EventSourceArn: isSecond ? 'arn:second' : 'arn:first', State: 'Enabled' };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ EventSourceMappings: [mapping], ...(!isSecond && { NextMarker: 'more' }) }));
    return;
  }
  response.setHeader('content-type', 'text/xml');
  const body = `<GetTemplateResult><TemplateBody>${template}</TemplateBody></GetTemplateResult>`;
  response.end(
    `<GetTemplateResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">${body}</GetTemplateResponse>`,
  );
});
let state: ReturnType<typeof openStackState>;

beforeEach(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  state = openStackState({ region: 'eu-west-1' });
});

afterEach(async () => {
  state.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  vi.unstubAllEnvs();
});

it('reads all pages of the queues that start a function', async () => {
  expect(await state.mappings('bump')).toEqual([
    { source: 'arn:first', state: 'Enabled' },
    { source: 'arn:second', state: 'Enabled' },
  ]);
});

it('says that a template is not JSON', async () => {
  template = '{"Resources": {}}';
  expect(await state.template('Windlass')).toEqual({ Resources: {} });
  template = 'Resources: {}';
  await expect(state.template('Windlass')).rejects.toMatchObject({ code: 'template-not-json', subject: 'Windlass' });
});
