import { describe, expect, it } from 'vitest';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const repo = (health: string) =>
  tempTree({
    'windlass.yaml': `windlass: 1\nclusters: { main: {} }\nsyncs:\n  shop: { path: app }\nhealth:\n${health}`,
    'app/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: x }\n',
  });

describe('health rules in windlass.yaml', () => {
  it('are checked by windlass validate, all at once, each at its expression', async () => {
    const cwd = await repo(`  example.com/Widget:
    current: status.ready == true
    failed: status.conditions.exists(c, c.type ==
  ConfigMap:
    inProgress: size(data.x)
    current: metadata.name.matches('(a+)+$')
`);
    const { code, stdout } = await windlass(['validate', '--json'], { cwd });
    expect(code).toBe(2);
    const { problems } = JSON.parse(stdout) as { problems: object[] };
    const at = { code: 'bad-expression', file: 'windlass.yaml' };
    expect(problems).toMatchObject([
      { ...at, line: 8, column: 13, source: '    failed: status.conditions.exists(c, c.type ==' },
      {
        ...at,
        line: 10,
        column: 17,
        message: 'health.ConfigMap.inProgress cannot be used: it gives int, not true or false',
      },
      { ...at, line: 11, column: 14, message: expect.stringContaining('matches is not offered') },
    ]);
    const text = await windlass(['validate'], { cwd });
    expect(text.stdout).toContain(`${' '.repeat(12)}^`);
  });

  it('are valid where they can be used, also of a kind that the cluster alone knows', async () => {
    const cwd = await repo('  example.com/Widget: { current: status.ready == true }\n');
    const { code, stdout } = await windlass(['validate', '--json'], { cwd });
    expect({ code, problems: JSON.parse(stdout).problems }).toEqual({ code: 0, problems: [] });
  });
});
