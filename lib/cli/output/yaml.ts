import { dump } from 'js-yaml';
import type { Io } from '../command.ts';

/** Values as YAML documents, each string quoted that any reader would take for something else. */
export function yamlDocuments(values: readonly unknown[]): string {
  return values.map((value) => `---\n${dump(value, { noRefs: true, lineWidth: -1, seqNoIndent: true })}`).join('');
}

/** Prints values as YAML documents. */
export function printYaml(io: Io, values: readonly unknown[]): void {
  io.stdout.write(yamlDocuments(values));
}
