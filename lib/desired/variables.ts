import type { Variables } from '../config/config.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { nearest } from '../model/nearest.ts';

/** `windlass.dev/substitute: "false"`, or Flux's word for it, leaves an object as it is. */
const switches: Readonly<Record<string, string>> = {
  'windlass.dev/substitute': 'false',
  'kustomize.toolkit.fluxcd.io/substitute': 'disabled',
};

/** What is wrong with one `${...}`. */
export interface VariableProblem {
  /** The JSON Pointer of the value. */
  path: string;
  /** As it is written: `${NAME}`. */
  written: string;
  message: string;
  hint: string;
}

/** `$${` is a literal `${`; else a reference, or one that is not closed. */
const reference = /\$\$\{|\$\{([^}\n]*)(\}?)/g;
const escapeHint = 'write $${ for a literal ${';

/**
 * Replaces every `${NAME}` in the values of an object; keys are left alone. A scalar that is nothing but one `${NAME}` takes the
 * variable's own type, a number or a boolean; in metadata, apiVersion and kind all stays text.
 */
export function substitute(
  object: KubeObject,
  variables: Variables,
): { object: KubeObject; problems: VariableProblem[] } {
  if (isLeftAlone(object)) return { object, problems: [] };
  const problems: VariableProblem[] = [];
  const entries = Object.entries(object).map(([key, value]): [string, unknown] => {
    const text = key === 'metadata' || key === 'apiVersion' || key === 'kind';
    return [key, replaced(value, { variables, problems, text, path: `/${escaped(key)}` })];
  });
  return { object: Object.fromEntries(entries) as KubeObject, problems };
}

function isLeftAlone({ metadata }: KubeObject): boolean {
  return [metadata.annotations, metadata.labels].some((map) =>
    Object.entries(switches).some(([name, value]) => map?.[name] === value),
  );
}

interface At {
  variables: Variables;
  problems: VariableProblem[];
  /** A number or a boolean would be no valid value here. */
  text: boolean;
  path: string;
}

function replaced(value: unknown, at: At): unknown {
  if (typeof value === 'string') return value.includes('${') ? replacedText(value, at) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, index) => replaced(item, { ...at, path: `${at.path}/${index}` }));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const path = `${at.path}/${escaped(key)}`;
      checkKey(key, { ...at, path });
      return [key, replaced(item, { ...at, path })];
    }),
  );
}

function replacedText(text: string, at: At): string | number | boolean {
  const whole = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
  if (whole !== undefined && Object.hasOwn(at.variables, whole) && !at.text) return at.variables[whole]!;
  return text.replaceAll(reference, (written: string, name: string | undefined, closed: string | undefined) => {
    if (name === undefined) return '${';
    if (Object.hasOwn(at.variables, name) && closed === '}') return String(at.variables[name]);
    at.problems.push({ path: at.path, written, ...words(name, closed === '}', at.variables) });
    return written;
  });
}

function words(name: string, closed: boolean, variables: Variables): { message: string; hint: string } {
  if (!closed) return { message: '${ is not closed', hint: escapeHint };
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return { message: `\${${name}} is no variable: only \${NAME} is replaced`, hint: escapeHint };
  const near = nearest(name, Object.keys(variables));
  const meant = near === undefined ? 'declare it in the variables of the sync' : `did you mean "${near}"?`;
  return { message: `the variable ${name} is not declared`, hint: `${meant}; ${escapeHint}` };
}

/** A key that looks as if it were replaced would be applied as it is. */
function checkKey(key: string, at: At): void {
  const found = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/.exec(key);
  if (found === null || key[found.index - 1] === '$' || !Object.hasOwn(at.variables, found[1]!)) return;
  const message = `the key "${key}" has a variable in it: only values are replaced`;
  at.problems.push({ path: at.path, written: found[0], message, hint: 'write the key as it is to be' });
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
