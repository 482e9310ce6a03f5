import { describe, expect, it } from 'vitest';
import { allProps, templateOf } from './synth.ts';

/**
 * The whole template, for people to review: `npx vitest run test/infra/golden.test.ts --update` writes it anew, and `git diff` shows what a change
 * means in AWS. Is a logical id of a table, queue or topic among it? Then a deployment would replace it.
 */
describe('the template', () => {
  it('is the one that was reviewed (npx vitest run test/infra/golden.test.ts --update writes it anew)', async () =>
    await expect(readable(templateOf(allProps).json)).toMatchFileSnapshot('windlass.template.json'));
});

/** Without what changes with each version of the code, or of the CDK. */
function readable(template: object): string {
  const { Rules: _, Parameters: __, Outputs, ...rest } = template as Record<string, unknown>;
  const told = { ...(Outputs as object), Version: '(Version)' };
  return `${JSON.stringify({ ...rest, Outputs: told }, withoutAssets, 2)}\n`;
}

function withoutAssets(key: string, value: unknown): unknown {
  if (key === 'S3Key' || key === 'DashboardBody') return `(${key})`;
  return value;
}
