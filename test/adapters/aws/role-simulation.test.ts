import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openRoleSimulation } from '../../../lib/adapters/aws/role-simulation.ts';

const result = (action: string, decision: string, more = '') =>
  `<member><EvalActionName>${action}</EvalActionName><EvalDecision>${decision}</EvalDecision>${more}</member>`;
const organization =
  '<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>';
const boundary =
  '<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>';

/** Answers as IAM, in two pages: it may give fewer results than there are, however few these are. */
const server = createServer(async (request, response) => {
  const isSecond = new URLSearchParams(await text(request)).get('Marker') === 'more';
  const results = isSecond
    ? [result('sqs:DeleteQueue', 'implicitDeny', boundary), result('sqs:GetQueueUrl', 'explicitDeny', organization)]
    : [result('sqs:SendMessage', 'allowed'), result('sqs:ReceiveMessage', 'explicitDeny')];
  const rest = `<IsTruncated>${!isSecond}</IsTruncated>${isSecond ? '' : '<Marker>more</Marker>'}`;
  response.setHeader('content-type', 'text/xml');
  response.end(
    `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><EvaluationResults>${results.join('')}</EvaluationResults>${rest}</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`,
  );
});

beforeEach(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  vi.unstubAllEnvs();
});

it('tells what a role may not do, and what forbids it, from all pages of the answer', async () => {
  const roles = openRoleSimulation({ region: 'eu-west-1' });
  const wanted = { actions: ['sqs:SendMessage'], resource: 'arn:aws:sqs:eu-west-1:111122223333:pushes', context: [] };
  expect(await roles.denied('arn:aws:iam::111122223333:role/bump', wanted)).toEqual([
    { action: 'sqs:ReceiveMessage', by: 'deny' },
    { action: 'sqs:DeleteQueue', by: 'boundary' },
    { action: 'sqs:GetQueueUrl', by: 'organization' },
  ]);
  roles.close();
});
