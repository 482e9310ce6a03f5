/** The names and indexes of a JSON Pointer (RFC 6901): `/a~1b/0` is `a/b`, `0`. */
export function stepsOf(pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
