import { describe, expect, it } from 'vitest';
import { withAddedTolerations } from '../../lib/kube/pod-tolerations.ts';
import { git } from './answers.ts';

const pod = (tolerations?: object[]) =>
  git('Pod', 'one', { spec: { nodeName: 'a', ...(tolerations && { tolerations }) } });
const own = { key: 'dedicated', operator: 'Exists' };
const admitted = (name: string, tolerationSeconds = 300) => ({
  ...{ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds },
});

describe('the tolerations of a Pod that is applied again', () => {
  it('are Git’s and behind them what admission added', () => {
    const live = pod([own, admitted('not-ready'), admitted('unreachable')]);
    const wanted = pod([own, admitted('not-ready', 20)]);
    expect(withAddedTolerations(wanted, live)['spec']).toEqual({
      nodeName: 'a',
      tolerations: [own, admitted('not-ready', 20), admitted('unreachable')],
    });
    expect(wanted).toEqual(pod([own, admitted('not-ready', 20)]));
  });

  it('are Git’s alone where nothing was added, where Git has none to say, and for other kinds', () => {
    const live = pod([own, { key: 'other', operator: 'Exists' }]);
    for (const wanted of [pod([own]), pod()]) expect(withAddedTolerations(wanted, live)).toBe(wanted);
    const job = git('batch/v1 Job', 'one', { spec: { tolerations: [] } });
    expect(withAddedTolerations(job, pod([admitted('not-ready')]))).toBe(job);
  });
});
