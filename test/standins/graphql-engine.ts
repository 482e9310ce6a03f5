import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { standinPackages } from './packages.ts';
import { Refused } from './refused.ts';

/** What a GraphQL request asks. */
export interface GraphqlRequest {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

/** What came of it, with status 200 in any case, as GitHub does. */
export interface GraphqlAnswer {
  data?: unknown;
  errors?: Record<string, unknown>[];
}

/** Runs queries by GitHub's own schema. */
export interface GraphqlEngine {
  /** `query repository`, `mutation createCommitOnBranch`: what the first field of the operation is. */
  kind(request: GraphqlRequest): string;
  execute(request: GraphqlRequest, root: object): Promise<GraphqlAnswer>;
}

/** The little of the graphql package that is used. */
interface GraphqlPackage {
  buildSchema(sdl: string, options: object): unknown;
  parse(text: string): Document;
  validate(schema: unknown, document: Document): readonly GraphqlError[];
  execute(args: object): GraphqlResult | Promise<GraphqlResult>;
}

interface Document {
  definitions: readonly {
    kind: string;
    name?: { value: string };
    operation?: string;
    selectionSet?: { selections: readonly { name?: { value: string } }[] };
  }[];
}

interface GraphqlError {
  message: string;
  locations?: unknown;
  path?: unknown;
  originalError?: unknown;
}

interface GraphqlResult {
  data?: unknown;
  errors?: readonly GraphqlError[];
}

type Prepared = { document: Document } | { errors: Record<string, unknown>[] };

let loading: Promise<GraphqlEngine> | undefined;

/** The engine, one for the process: the schema takes a third of a second to build. Throws when the packages cannot be had. */
export function graphqlEngine(): Promise<GraphqlEngine> {
  loading ??= load();
  return loading;
}

async function load(): Promise<GraphqlEngine> {
  const packages = await standinPackages();
  const graphql = await packages.load<GraphqlPackage>('graphql/index.mjs');
  const sdl = readFileSync(join(packages.directory, 'node_modules/@octokit/graphql-schema/schema.graphql'), 'utf8');
  const schema = graphql.buildSchema(sdl, { assumeValidSDL: true });
  const prepared = new Map<string, Prepared>();

  const prepare = (query: string): Prepared => {
    let found = prepared.get(query);
    if (found === undefined) {
      found = check(graphql, schema, query);
      // Texts that differ each time, as with values written into them, must not fill the memory.
      if (prepared.size > 500) prepared.clear();
      prepared.set(query, found);
    }
    return found;
  };

  return {
    kind: (request) => {
      const found = prepare(request.query);
      if ('errors' in found) return 'invalid';
      const operations = found.document.definitions.filter(({ kind }) => kind === 'OperationDefinition');
      const chosen = operations.find(({ name }) => name?.value === request.operationName) ?? operations[0];
      return `${chosen?.operation ?? 'query'} ${chosen?.selectionSet?.selections[0]?.name?.value ?? ''}`;
    },
    execute: async (request, root) => {
      const found = prepare(request.query);
      if ('errors' in found) return found;
      const result = await graphql.execute({
        schema,
        document: found.document,
        rootValue: root,
        variableValues: request.variables ?? {},
        operationName: request.operationName,
        fieldResolver: strictResolver,
      });
      if (result.errors === undefined) return { data: result.data };
      return { data: result.data ?? null, errors: result.errors.map(errorShape) };
    },
  };
}

function check(graphql: GraphqlPackage, schema: unknown, query: string): Prepared {
  let document: Document;
  try {
    document = graphql.parse(query);
  } catch (error) {
    return { errors: [{ message: `Parse error: ${(error as Error).message}` }] };
  }
  const errors = graphql.validate(schema, document);
  if (errors.length === 0) return { document };
  return { errors: errors.map(({ message, locations }) => ({ message, locations })) };
}

/** A field that the stand-in does not have is an error: null would be a claim about GitHub. */
function strictResolver(
  source: Record<string, unknown>,
  args: unknown,
  _context: unknown,
  info: { fieldName: string; parentType: { name: string } },
): unknown {
  if (!(info.fieldName in source))
    throw new Error(`the stand-in does not serve ${info.parentType.name}.${info.fieldName}`);
  const value = source[info.fieldName];
  return typeof value === 'function' ? value(args) : value;
}

function errorShape({ message, locations, path, originalError }: GraphqlError): Record<string, unknown> {
  const type = originalError instanceof Refused ? { type: originalError.type } : {};
  return { ...type, path, locations, message };
}
