import { afterEach, expect, it } from 'vitest';
import { type AdmissionWebhook, admissionWebhook } from '../helpers/admission-webhook.ts';
import { waitFor } from '../helpers/cluster.ts';
import { type DriftStage, foundIn, type Loose, managersOf } from '../helpers/drift-stage.ts';
import { describeWithPlane, type OpenStage } from '../helpers/drift-stages.ts';
import { configMap, deployment } from '../pull/manifests.ts';

/**
 * What admission does to objects, by a real webhook server that the API server asks, and by a MutatingAdmissionPolicy: nobody's entry in
 * `managedFields` has it. What it did to our apply is how the object is; what it does to somebody else's write is never blamed on them.
 */

const closing: AdmissionWebhook[] = [];
afterEach(async () => {
  for (const webhook of closing.splice(0)) await webhook.close();
});

/** A stage with a webhook for Deployments, ConfigMaps, Services and pods of its namespace, from the very first pull on. */
async function openWithWebhook(
  open: OpenStage,
  files: (namespace: string) => Record<string, string>,
  mutate: AdmissionWebhook['mutate'],
): Promise<{ stage: DriftStage; webhook: AdmissionWebhook }> {
  const stage = await open();
  const webhook = await admissionWebhook();
  closing.push(webhook);
  webhook.mutate = mutate;
  const before = webhook.reviews();
  await stage.kubectlMeanwhile(['create', '-f', '-'], configurationOf(webhook, stage.namespace));
  await waitFor(
    async () => {
      await stage.kubectlMeanwhile(['create', 'configmap', 'probe', '--dry-run=server']);
      return webhook.reviews() > before;
    },
    { what: 'the API server to ask the webhook' },
  );
  stage.git = { ...stage.git, ...files(stage.namespace) };
  await stage.pull();
  return { stage, webhook };
}

const configurationOf = (
  { url, caBundle }: AdmissionWebhook,
  ns: string,
) => `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: { name: ${ns} }
webhooks:
  - name: mutate.example.com
    clientConfig: { url: "${url}", caBundle: ${caBundle} }
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    reinvocationPolicy: IfNeeded
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${ns} } }
    rules:
      - operations: [CREATE, UPDATE]
        apiGroups: ["", apps]
        apiVersions: [v1]
        resources: [configmaps, services, deployments, pods]
`;

/** What a mesh does to a pod, or to the template of one: once, as it sees its own container there. */
function injectSidecar(spec: Loose): void {
  if (spec.containers.some(({ name }: Loose) => name === 'mesh')) return;
  spec.containers.unshift({
    name: 'mesh',
    image: 'mesh/proxy:1',
    volumeMounts: [{ name: 'mesh', mountPath: '/mesh' }],
  });
  spec.volumes = [{ name: 'mesh', emptyDir: {} }, ...(spec.volumes ?? [])];
  for (const container of spec.containers.slice(1)) {
    container.env = [{ name: 'MESH', value: 'on' }, ...(container.env ?? [])];
  }
}

const mirrored = (mirror: string) => (object: Loose) => {
  for (const container of object.spec?.template?.spec.containers ?? []) {
    container.image = container.image.replace(/^(mirror[^/]*\/)?/, `${mirror}/`);
  }
};

const web = (ns: string) => ({ 'web.yaml': deployment(ns, 'web', 'web:1', 2) });
const available = (stage: DriftStage) =>
  waitFor(() => stage.get('deployment/web').status.availableReplicas === 2, { what: 'the roll-out' });
const firstImage = (object: Loose) => object.spec.template.spec.containers[0].image;

describeWithPlane(
  'what admission does',
  {
    apiServerFlags: {
      'feature-gates': 'APIServerIdentity=false,MutatingAdmissionPolicy=true',
      'runtime-config': 'admissionregistration.k8s.io/v1beta1=true',
    },
  },
  (open) => {
    it('is no drift when it injects a sidecar, a volume and variables, into templates and into pods', async () => {
      const { stage, webhook } = await openWithWebhook(open, web, (object) => {
        injectSidecar(
          object.kind === 'Pod' ? object.spec : (object.spec?.template?.spec ?? { containers: [{ name: 'mesh' }] }),
        );
      });
      const { namespace: ns } = stage;
      await available(stage);
      const containers = (object: Loose) => object.map(({ name }: Loose) => name);
      expect(containers(stage.get('deployment/web').spec.template.spec.containers)).toEqual(['mesh', 'web']);
      expect(containers(stage.get('pods').items[0].spec.containers)).toEqual(['mesh', 'web']);
      await stage.quiet();
      const id = `apps/Deployment/${ns}/web`;
      const image = 'spec.template.spec.containers[name=web].image';
      await stage.handEdit(() => stage.kubectlMeanwhile(['set', 'image', 'deployment/web', 'web=web:hand']), {
        [id]: { [image]: 'kubectl-set' },
      });
      const debug = { spec: { template: { spec: { containers: [{ name: 'debug', image: 'busybox:1' }] } } } };
      await stage.handEdit(() => stage.kubectlMeanwhile(['patch', 'deployment/web', '-p', JSON.stringify(debug)]), {
        [id]: { 'spec.template.spec.containers[name=debug]': 'kubectl-patch' },
      });
      // Into pods alone, as most meshes do.
      webhook.mutate = (object) => object.kind === 'Pod' && injectSidecar(object.spec);
      stage.git['web.yaml'] = deployment(ns, 'web', 'web:2', 2);
      await stage.pull();
      await available(stage);
      await stage.quiet();
    });

    it('is no drift when it rewrites images and values, sets defaults and labels, or takes fields of ours away', async () => {
      const { stage } = await openWithWebhook(
        open,
        (ns) => ({
          'web.yaml': deployment(ns, 'web', 'web:1', 2).replace(
            'metadata:\n',
            'metadata:\n  annotations: { dropped: x }\n',
          ),
          'settings.yaml': configMap(ns, 'settings', { level: '3', mode: 'plain', gone: 'x' }),
        }),
        (object) => {
          mirrored('mirror')(object);
          object.metadata.labels = { ...object.metadata.labels, 'example.com/team': 'none' };
          delete object.metadata.annotations?.dropped;
          const pod = object.spec?.template?.spec;
          if (pod !== undefined)
            Object.assign(pod, { priorityClassName: 'system-cluster-critical', hostNetwork: false });
          for (const container of pod?.containers ?? []) container.imagePullPolicy = 'Always';
          if (object.data?.level !== undefined) object.data = { ...object.data, level: '4', gone: undefined };
        },
      );
      const { namespace: ns } = stage;
      expect(firstImage(stage.get('deployment/web'))).toBe('mirror/web:1');
      expect(stage.get('configmap/settings').data).toEqual({ level: '4', mode: 'plain' });
      await available(stage);
      await stage.quiet();
      stage.git['web.yaml'] = stage.git['web.yaml']!.replace('web:1', 'web:2');
      await stage.pull();
      await stage.quiet();
      expect(firstImage(stage.get('deployment/web'))).toBe('mirror/web:2');
      await stage.handEdit(() => stage.kubectlMeanwhile(['label', 'deployment/web', 'mine=x']), {
        [`apps/Deployment/${ns}/web`]: { 'metadata.labels.mine': 'kubectl-label' },
      });
      const mode = ['--type=merge', '-p', '{"data":{"mode":"loud"}}'];
      await stage.handEdit(() => stage.kubectlMeanwhile(['patch', 'configmap/settings', ...mode]), {
        [`ConfigMap/${ns}/settings`]: { 'data.mode': 'kubectl-patch' },
      });
    });

    it('is told as such, and never blamed on the person, when its rules have changed before a person’s update', async () => {
      const { stage, webhook } = await openWithWebhook(open, web, mirrored('mirror'));
      const id = `apps/Deployment/${stage.namespace}/web`;
      await stage.quiet();
      webhook.mutate = (object) => {
        mirrored('mirror2')(object);
        object.metadata.labels = { ...object.metadata.labels, 'example.com/scanned': 'yes' };
        const [container] = object.spec?.template?.spec.containers ?? [];
        if (container !== undefined && !container.env.some(({ name }: Loose) => name === 'SCAN'))
          container.env = [...container.env, { name: 'SCAN', value: '1' }];
      };
      // Nothing has written since: nothing is different.
      await stage.quiet();
      await stage.handEdit(() => stage.kubectlMeanwhile(['annotate', 'deployment/web', 'note=x']), {
        [id]: {
          'metadata.annotations.note': 'kubectl-annotate',
          'spec.template.spec.containers[name=web].image': 'nobody',
        },
      });
      expect(firstImage(stage.get('deployment/web'))).toBe('mirror2/web:1');
      expect(stage.get('deployment/web').metadata.labels['example.com/scanned']).toBe('yes');

      webhook.mutate = mirrored('mirror3');
      await stage.kubectlMeanwhile(['label', 'deployment/web', 'mine=x']);
      const { drift } = await stage.check();
      expect(drift).toMatchObject([
        {
          object: id,
          fields: [
            { path: 'metadata.labels.mine', manager: 'kubectl-label' },
            { path: 'spec.template.spec.containers[name=web].image', note: 'by admission or defaulting' },
          ],
        },
      ]);
      expect(drift[0]?.fields[1]).not.toHaveProperty('manager');
    });

    it('is no drift when it undoes what a person does', async () => {
      const { stage } = await openWithWebhook(open, web, (object, { user }) => {
        if (object.kind === 'Deployment' && user === 'windlass-admin') object.spec.replicas = 2;
      });
      await stage.kubectlMeanwhile(['patch', 'deployment/web', '--type=merge', '-p', '{"spec":{"replicas":7}}']);
      expect(stage.get('deployment/web').spec.replicas).toBe(2);
      await stage.quiet();
    });

    it('is no drift of a policy either, and its change is told as such', async () => {
      const stage = await open();
      const { namespace: ns } = stage;
      const policy = (level: string) => `apiVersion: admissionregistration.k8s.io/v1beta1
kind: MutatingAdmissionPolicy
metadata: { name: ${ns} }
spec:
  matchConstraints:
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${ns} } }
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps] }]
  failurePolicy: Fail
  reinvocationPolicy: Never
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: >
          Object{ metadata: Object.metadata{ labels: {"example.com/level": "${level}"} }, data: {"level": "${level}"} }
---
apiVersion: admissionregistration.k8s.io/v1beta1
kind: MutatingAdmissionPolicyBinding
metadata: { name: ${ns} }
spec: { policyName: ${ns} }
`;
      const level = (name: string) => stage.get(`configmap/${name}`).data.level;
      const inForce = async (wanted: string) => {
        await stage.kubectlMeanwhile(['apply', '-f', '-'], policy(wanted));
        await waitFor(
          () => {
            const args = ['create', 'configmap', 'probe', '--dry-run=server', '-o', 'json'];
            return JSON.parse(stage.kubectl(args)).data?.level === wanted;
          },
          { what: 'the policy to be in force' },
        );
      };
      await inForce('4');
      stage.git['settings.yaml'] = configMap(ns, 'settings', { level: '3', mode: 'plain' });
      await stage.pull();
      expect(level('settings')).toBe('4');
      expect(managersOf(stage.get('configmap/settings'))).toEqual(['windlass:Apply']);
      await stage.quiet();
      await inForce('5');
      await stage.quiet();
      await stage.kubectlMeanwhile(['annotate', 'configmap/settings', 'note=x']);
      const found = {
        [`ConfigMap/${ns}/settings`]: { 'data.level': 'nobody', 'metadata.annotations.note': 'kubectl-annotate' },
      };
      expect(foundIn((await stage.check()).drift)).toEqual(found);
      await stage.pull();
      expect(level('settings')).toBe('5');
      await stage.quiet();
    });
  },
);
