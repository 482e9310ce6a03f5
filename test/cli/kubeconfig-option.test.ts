import { describe, expect, it } from 'vitest';
import type { Args, Io } from '../../lib/cli/command.ts';
import { kubeconfigOf } from '../../lib/cli/commands/sync-options.ts';

describe('the kubeconfig of a command', () => {
  const of = (named: string | undefined, env: Record<string, string>) =>
    kubeconfigOf({ text: () => named } as unknown as Args, { env, cwd: '/here' } as unknown as Io);

  it('is the one that is named, else that of KUBECONFIG, else ~/.kube/config, as with kubectl', () => {
    const env = { KUBECONFIG: 'env.kubeconfig', HOME: '/home/ada' };
    expect(of('a.kubeconfig', env)).toBe('/here/a.kubeconfig');
    expect(of(undefined, env)).toBe('/here/env.kubeconfig');
    expect(of(undefined, { HOME: '/home/ada' })).toBe('/home/ada/.kube/config');
    expect(() => of(undefined, {})).toThrow('which cluster?');
  });
});
