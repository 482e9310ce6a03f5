import { spawnSync } from 'node:child_process';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { cluster } from '../helpers/cluster.ts';

const { path: program } = await findKubectl({ env: process.env });

/** What a kubectl said. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The real kubectl as somebody: the API server takes the administrator's word for who it is, and decides as for that one. */
export function kubectlAs(who: { user?: string; groups?: string[] } = {}) {
  const as = who.user === undefined ? [] : ['--as', who.user];
  const groups = (who.groups ?? []).flatMap((group) => ['--as-group', group]);
  const run = (args: string[], input?: string): Ran => {
    const all = ['--kubeconfig', cluster().kubeconfigPath, ...as, ...groups, ...args];
    const { status, stdout, stderr } = spawnSync(program, all, { encoding: 'utf8', input, maxBuffer: 1e8 });
    return { code: status, stdout, stderr };
  };
  const apply = (objects: readonly KubeObject[]) => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const ran = run(['apply', '--server-side', '--force-conflicts', '--field-manager=windlass', '-f', '-'], list);
    if (ran.code !== 0) throw new Error(ran.stderr);
  };
  return { user: who.user, run, apply };
}
