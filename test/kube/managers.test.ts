import { describe, expect, it } from 'vitest';
import { classOf, classOfEntry, isOurs } from '../../lib/kube/managers.ts';

describe('who writes', () => {
  it.each([
    ['kubectl', 'person'],
    ['kubectl-client-side-apply', 'person'],
    ['kubectl-edit', 'person'],
    ['kubectl-set', 'person'],
    ['k9s', 'person'],
    ['Lens', 'person'],
    ['OpenLens', 'person'],
    ['rancher', 'person'],
    ['headlamp', 'person'],
    ['kubectl.exe', 'person'],
    ['Mozilla', 'person'],
    ['curl', 'person'],
    ['helm', 'deployer'],
    ['kustomize-controller', 'deployer'],
    ['helm-controller', 'deployer'],
    ['argocd-controller', 'deployer'],
    ['argocd-application-controller', 'deployer'],
    ['HashiCorp', 'deployer'],
    ['kube-controller-manager', 'controller'],
    ['kube-scheduler', 'controller'],
    ['kubelet', 'controller'],
    ['cert-manager-cainjector', 'controller'],
    ['clusterrole-aggregation-controller', 'controller'],
    ['aws-load-balancer-controller', 'controller'],
    ['keda-operator', 'controller'],
    ['prometheus-operator', 'controller'],
    ['before-first-apply', 'other'],
    ['ancient-changes', 'other'],
    ['some-program', 'other'],
    ['', 'other'],
  ])('%s is a %s', (manager, expected) => {
    expect(classOf(manager)).toBe(expected);
  });

  it('takes our name by Update for a person who borrowed it', () => {
    const borrowed = { manager: 'windlass', operation: 'Update' } as const;
    expect([isOurs(borrowed), classOfEntry(borrowed)]).toEqual([false, 'person']);
    expect(isOurs({ manager: 'windlass', operation: 'Apply' })).toBe(true);
    expect(isOurs({ manager: 'windlass', operation: 'Apply', subresource: 'status' })).toBe(false);
  });
});
