import { afterEach, expect, it } from 'vitest';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { deployment, namespace } from '../pull/manifests.ts';
import { openWorld, syncSpec, type World } from '../pull/world.ts';
import { workIn } from '../report/work-in.ts';

const open: World[] = [];
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

/** What people are told of the ends, where Git says something else after a hand edit to 2 replicas. */
async function endsWhen(replicas: number) {
  const world = await openWorld(cluster().kubeconfigPath, syncSpec({ selfHeal: false }));
  open.push(world);
  const { namespace: ns, pull, edit } = world;
  const files = (replicas: number) => ({
    'a.yaml': namespace(ns),
    'b.yaml': deployment(ns, 'web', 'web:1.0.0', replicas),
  });
  const [one, two] = ['a'.repeat(40), 'b'.repeat(40)];
  const first = await pull(files(3), { revision: one });
  await edit('apps/v1', 'Deployment', 'web', { spec: { replicas: 2 } }, 'kubectl');
  const seen = await pull(files(3), { revision: one });
  const moved = await pull(files(replicas), { revision: two });
  const reports = [first, seen, moved].map(({ report }) => report);
  return { ...workIn(reports), report: moved.report, web: `apps/Deployment/${ns}/web` };
}

describeWithCluster('a hand edit that was told', () => {
  it('ends as changed in Git where Git says by now what is live', async () => {
    const { told, web, report } = await endsWhen(2);
    expect(report).toMatchObject({ drift: [{ object: web }], notHealed: [], adopted: [web] });
    expect(told).toEqual([`opened ${web}`, `resolved ${web}: changed in Git`]);
  });

  it('ends as converged by the pull where Git says something else again', async () => {
    const { told, web, report } = await endsWhen(4);
    expect(report).toMatchObject({ drift: [{ object: web }], notHealed: [] });
    expect(report.adopted).toBeUndefined();
    expect(told).toEqual([`opened ${web}`, `resolved ${web}: converged by pull`]);
  });
});
