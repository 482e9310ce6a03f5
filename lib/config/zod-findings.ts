import type { z } from 'zod';
import { nearest } from '../model/nearest.ts';
import type { Finding, Path } from './yaml-source.ts';

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/** What zod found, in words for people: unknown keys with the one that was probably meant, each at its key or value. */
export function findingsOf(schema: Schema, value: unknown, issues: readonly Issue[]): Finding[] {
  return issues.flatMap((issue) => findingsOfIssue(schema, value, issue, []));
}

function findingsOfIssue(schema: Schema, value: unknown, issue: Issue, prefix: Path): Finding[] {
  const path = [...prefix, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(schema, path, key));
    case 'invalid_key':
      return [{ path, at: 'key', code: 'bad-name', message: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_union':
      return unionFindings(schema, value, issue.errors, path);
    case 'invalid_type':
      return [wrongType(path, issue, at(value, path))];
    case 'invalid_value':
      return [wrongValue(path, issue.values.map(String), at(value, path))];
    case 'too_small': {
      const least = isNumeric(issue.origin) ? `be at least ${issue.minimum}` : 'not be empty';
      return [{ path, code: 'bad-value', message: `${label(path)} must ${least}` }];
    }
    case 'too_big':
      return [{ path, code: 'bad-value', message: `${label(path)} must be at most ${issue.maximum}` }];
    default:
      return [{ path, code: 'bad-value', message: `${label(path)} ${issue.message}` }];
  }
}

function isNumeric(origin: string): boolean {
  return origin === 'number' || origin === 'int';
}

function unknownKey(schema: Schema, path: Path, key: string): Finding {
  const known = keysAt(schema, path);
  const close = nearest(key, known);
  const hint = close === undefined ? `known here: ${known.join(', ')}` : `did you mean "${close}"?`;
  const where = path.length === 0 ? '' : ` in ${label(path)}`;
  return { path: [...path, key], at: 'key', code: 'unknown-key', message: `unknown key "${key}"${where}`, hint };
}

/** Of the alternatives, the findings of the one that the value was meant to be: the one that is wrong deeper down. */
function unionFindings(schema: Schema, value: unknown, errors: Issue[][], path: Path): Finding[] {
  const meant = errors.find((issues) =>
    issues.every((issue) => issue.code !== 'invalid_type' || issue.path.length > 0),
  );
  if (meant !== undefined) return meant.flatMap((issue) => findingsOfIssue(schema, value, issue, path));
  const kinds = errors.flatMap((issues) =>
    issues.map((issue) => (issue.code === 'invalid_type' ? word(issue.expected) : '')),
  );
  const found = at(value, path);
  return [
    {
      path,
      code: 'wrong-type',
      message: `${label(path)} must be ${kinds.join(' or ')}, not ${describe(found)}`,
      hint: quoteHint(found),
    },
  ];
}

function wrongType(path: Path, { expected, message: said }: z.core.$ZodIssueInvalidType, found: unknown): Finding {
  if (found === undefined) return { path, code: 'missing-key', message: `${label(path)} is missing` };
  // Words of the schema's own say how such a text is written.
  if (said.startsWith('must be '))
    return { path, code: 'wrong-type', message: `${label(path)} ${said}, not ${describe(found)}` };
  const message = `${label(path)} must be ${word(expected)}, not ${describe(found)}`;
  const hint = expected === 'string' ? quoteHint(found) : expected === 'boolean' ? 'write true or false' : undefined;
  return { path, code: 'wrong-type', message, hint };
}

function wrongValue(path: Path, allowed: string[], found: unknown): Finding {
  if (found === undefined)
    return {
      path,
      code: 'missing-key',
      message: `${label(path)} is missing`,
      hint: `write ${path.at(-1)?.toString()}: ${allowed[0]}`,
    };
  const close = typeof found === 'string' ? nearest(found, allowed) : undefined;
  const hint = close === undefined ? undefined : `did you mean "${close}"?`;
  const choice = allowed.length === 1 ? allowed[0] : `one of ${allowed.join(', ')}`;
  return { path, code: 'bad-value', message: `${label(path)} must be ${choice}, not ${describe(found)}`, hint };
}

/** `images.web.semver`; `the file` for the top. */
export function label(path: Path): string {
  return path.length === 0
    ? 'the file'
    : path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .slice(1);
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (owner, key) => (typeof owner === 'object' && owner !== null ? Reflect.get(owner, key) : undefined),
    value,
  );
}

function describe(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value);
}

function quoteHint(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? 'put it in quotes' : undefined;
}

function word(expected: string): string {
  const words: Record<string, string> = {
    string: 'a text',
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
    boolean: 'true or false',
    int: 'a whole number',
  };
  return words[expected] ?? `a ${expected}`;
}

/** The keys that a strict object takes at a path; of several alternatives, those of all. */
function keysAt(schema: Schema, path: Path): string[] {
  return objectsAt([schema], path).flatMap((object) => Object.keys(object._zod.def.shape));
}

function objectsAt(schemas: Schema[], path: Path): z.core.$ZodObject[] {
  const plain = schemas.flatMap(unwrap);
  const [key, ...rest] = path;
  if (key === undefined) return plain.filter(isObject);
  return objectsAt(
    plain.flatMap((schema) => inside(schema, key)),
    rest,
  );
}

function inside(schema: Schema, key: PropertyKey): Schema[] {
  if (isObject(schema)) return [schema._zod.def.shape[String(key)]].filter((found) => found !== undefined);
  const { def } = schema._zod as unknown as { def: { type: string; valueType?: Schema; element?: Schema } };
  return [def.type === 'record' ? def.valueType : def.type === 'array' ? def.element : undefined].filter(
    (found) => found !== undefined,
  );
}

function unwrap(schema: Schema): Schema[] {
  const { def } = schema._zod as unknown as { def: { type: string; innerType?: Schema; options?: Schema[] } };
  if (def.type === 'optional' && def.innerType) return unwrap(def.innerType);
  if (def.type === 'union' && def.options) return def.options.flatMap(unwrap);
  return [schema];
}

function isObject(schema: Schema): schema is z.core.$ZodObject {
  return schema._zod.def.type === 'object';
}
