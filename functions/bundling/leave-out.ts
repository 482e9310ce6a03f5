import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';
import { slimSchemas } from './slim-schemas.ts';

/** What the SDK loads for answers that are a stream of events, which none is that a function asks for. */
const streams = /^@smithy\/core\/event-streams$/;

/** Files for what no function does: the CLI makes the JSON Schema of windlass.yaml. An empty one is in their place; whoever uses it nevertheless fails at once. */
const unused = /\/zod\/v4\/core\/(?:json-schema-processors|to-json-schema)\.js$/;

/**
 * A class for each error that a service may answer, and what they are made by. Whoever imports such a class cannot be bundled: errors are told by their names.
 * Powertools tells one of Secrets Manager by its class, so that its client stays as it is.
 */
const clients = '/@aws-sdk/client-(?:cloudwatch-logs|dynamodb|ecr|eks|eventbridge|sns|sqs)/dist-es/';
const errors = new RegExp(`${clients}models/errors\\.js$`);
const schemas = new RegExp(`${clients}schemas/schemas_0\\.js$`);

/** Packages for what no function does, that others make an object of nevertheless. */
const idle = [
  // What a GitHub App does as a person, or with its client secret: a function is the App's installation alone.
  {
    filter: /\/@octokit\/auth-oauth-(?:app|user)\/dist-[a-z]+\/index\.js$/,
    contents:
      'export const createOAuthAppAuth = () => undefined, createOAuthUserAuth = undefined, requiresBasicAuth = () => false;',
  },
  // DynamoDB is asked for no other endpoint.
  {
    filter: /\/@aws-sdk\/endpoint-cache\/dist-[a-z]+\/index\.js$/,
    contents: 'export class EndpointCache {}',
  },
];

/** Leaves out of a function's bundle what no function uses of its packages. */
export const leaveOut: Plugin = {
  name: 'leave-out',
  setup: ({ onLoad, onResolve }) => {
    // Only one client asks for it at once: that of CloudWatch Logs.
    onResolve({ filter: streams }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
    onLoad({ filter: unused }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: errors }, () => ({ contents: 'export {};' }));
    onLoad({ filter: schemas }, ({ path }) => ({ contents: slimSchemas(readFileSync(path, 'utf8')) }));
    for (const { filter, contents } of idle) onLoad({ filter }, () => ({ contents }));
    // Nothing else is read there.
    onLoad({ filter: /\/package\.json$/ }, ({ path }) => {
      const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};
