import { expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../helpers/cluster.ts';
import type { DriftStage } from '../helpers/drift-stage.ts';
import { describeWithStages } from '../helpers/drift-stages.ts';
import { configMap, service } from '../pull/manifests.ts';

describeWithStages('a hand edit that a pull is not allowed to put right', (open) => {
  /** What a check tells stays the same from one refused pull to the next, with who did it. */
  const staysTold = async (stage: DriftStage, code: string) => {
    const { drift } = await stage.check();
    for (let time = 1; time <= 2; time++) {
      const { report } = await stage.world.pull(stage.git);
      expect(report.errors).toMatchObject([{ code }]);
      expect(report.drift).toEqual(drift);
      expect((await stage.check()).drift).toEqual(drift);
    }
    return drift;
  };

  it('because a field is immutable stays whose it was, and the object is not written', async () => {
    const typed = (ns: string, type: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: { name: login, namespace: ${ns} }\ntype: ${type}\ndata: { key: eA== }\n`;
    const stage = await open((ns) => ({ 'secret.yaml': typed(ns, 'example.com/x') }));
    const { namespace: ns } = stage;
    await stage.pull();
    stage.kubectl(['delete', 'secret/login']);
    stage.kubectl(['create', '-f', '-'], typed(ns, 'example.com/y'));
    stage.kubectl(['label', 'secret/login', 'note=by-hand']);
    const before = stage.get('secret/login').metadata;
    const drift = await staysTold(stage, 'apply-immutable');
    expect(drift).toMatchObject([
      {
        object: `Secret/${ns}/login`,
        reason: expect.stringMatching(/^created again/),
        fields: expect.arrayContaining([expect.objectContaining({ path: 'type', manager: 'kubectl-create' })]),
      },
    ]);
    expect(stage.get('secret/login').metadata).toEqual(before);
  });

  it('because a policy refuses it stays whose it was', async () => {
    const stage = await open((ns) => ({
      'settings.yaml': configMap(ns, 'settings', { a: '1' }),
      'web.yaml': service(ns, 'web'),
    }));
    const { namespace: ns } = stage;
    await stage.pull();
    const patch = { data: { a: '7', more: 'by hand' } };
    stage.kubectl(['patch', 'configmap/settings', '--type=merge', '-p', JSON.stringify(patch)]);
    const name = `frozen-${ns}`;
    stage.kubectl(
      ['apply', '-f', '-'],
      `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${name} }
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [UPDATE], resources: [configmaps] }]
  matchConditions: [{ name: here, expression: "request.namespace == '${ns}'" }]
  validations: [{ expression: "object.data.a == '7'", message: it is frozen }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${name} }
spec: { policyName: ${name}, validationActions: [Deny] }
`,
    );
    const remove = (kind: string) => stage.kubectl(['delete', kind, name]);
    onTestFinished(() => void ['validatingadmissionpolicybinding', 'validatingadmissionpolicy'].map(remove));
    const isRefused = () => {
      const change = ['patch', 'configmap/settings', '--dry-run=server', '--type=merge', '-p', '{"data":{"a":"8"}}'];
      try {
        return stage.kubectl(change) === undefined;
      } catch {
        return true;
      }
    };
    await waitFor(isRefused, { what: 'the policy to be in force' });
    const drift = await staysTold(stage, 'apply-invalid');
    const by = { manager: 'kubectl-patch', operation: 'Update' };
    expect(drift).toMatchObject([
      {
        object: `ConfigMap/${ns}/settings`,
        fields: [
          { path: 'data.a', ...by },
          { path: 'data.more', ...by, note: 'added' },
        ],
      },
    ]);
  });
});
