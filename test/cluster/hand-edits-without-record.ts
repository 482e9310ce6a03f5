/** Objects that another tool applies, and what people do to them: each edit to an object of its own. */

/** How an object was brought into the cluster. */
export type Tool = 'client-side' | 'kubectl' | 'kustomize-controller' | 'argocd-controller' | 'helm';

/** One edit by hand. */
export interface HandEdit {
  /** What it does; the object is named after it. */
  name: string;
  kind: keyof typeof manifests;
  /** Arguments of kubectl for each step; `OBJECT` stands for the target, as `deployment/x`. */
  kubectl: string[][];
  /** What a step reads from its standard input. */
  input?: (manifest: string) => string;
  state?: 'changed' | 'added' | 'missing';
  /** The paths that are found and whose they are; `-` where that is not recorded. Absent: nothing is found. */
  found?: Record<string, string>;
  /** Where a tool tells other things. */
  except?: Partial<Record<Tool, 'silent'>>;
}

const pod = `
    metadata: { labels: { app: NAME } }
    spec:
      automountServiceAccountToken: false
      containers:
        - name: web
          image: web:1.4.0
          args: [--port, "8080"]
          env: [{ name: A, value: "1" }, { name: B, value: "" }, { name: C, value: three }]
          ports: [{ containerPort: 8080 }, { containerPort: 8080, protocol: UDP }]
          resources: { requests: { cpu: 1000m, memory: 1024Mi }, limits: { memory: 1.5Gi } }
          volumeMounts: [{ name: tmp, mountPath: /tmp }]
        - name: side
          image: side:1
          resources: {}
      volumes: [{ name: tmp, emptyDir: {} }]`;

/** What Git says. */
export const manifests = {
  deployment: `apiVersion: apps/v1
kind: Deployment
metadata: { name: NAME, namespace: SPACE, labels: { app: NAME, team: a }, annotations: { example.com/json: '{"a": 1}' } }
spec:
  replicas: 0
  paused: false
  selector: { matchLabels: { app: NAME } }
  strategy: {}
  template:${pod}
`,
  configmap: `apiVersion: v1
kind: ConfigMap
metadata: { name: NAME, namespace: SPACE }
data: { mode: plain, level: "3", empty: "" }
binaryData: { blob: "aGVs\\nbG8=" }
`,
  secret: `apiVersion: v1
kind: Secret
metadata: { name: NAME, namespace: SPACE }
stringData: { token: s3cr3t-canary }
`,
  service: `apiVersion: v1
kind: Service
metadata: { name: NAME, namespace: SPACE }
spec:
  clusterIP: ""
  selector: { app: NAME }
  ports: [{ name: dns, port: 53, targetPort: 53 }, { name: dns-udp, port: 53, protocol: UDP }]
`,
  ingress: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: NAME, namespace: SPACE }
spec:
  rules:
    - host: shop.example.com
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: NAME, port: { number: 80 } } } }] }
`,
  networkpolicy: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: NAME, namespace: SPACE }
spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: {} }] }] }
`,
  role: `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: NAME, namespace: SPACE }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get, list] }]
`,
  hpa: `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: NAME, namespace: SPACE }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: nobody }
  maxReplicas: 5
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`,
  widget: `apiVersion: GROUP/v1
kind: Widget
metadata: { name: NAME, namespace: SPACE }
spec:
  period: 8760h
  size: 1000m
  port: 80
  parts: [{ name: a, count: 1 }, { name: b, count: 2 }]
  names: [one, two]
  free: { deep: { list: [1, 2], flag: false } }
`,
};

/** The kind of the custom resources. */
export const widgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.GROUP }
spec:
  group: GROUP
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                period: { type: string }
                size: { anyOf: [{ type: integer }, { type: string }], x-kubernetes-int-or-string: true, pattern: 'QUANTITY' }
                port: { x-kubernetes-int-or-string: true }
                mode: { type: string, default: slow }
                parts:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name, zone]
                  items:
                    type: object
                    required: [name]
                    properties: { name: { type: string }, zone: { type: string, default: eu }, count: { type: integer } }
                names: { type: array, x-kubernetes-list-type: set, items: { type: string } }
                free: { type: object, x-kubernetes-preserve-unknown-fields: true }
`;

const template = 'spec.template.spec';
const json = (...operations: object[]) => ['patch', 'OBJECT', '--type=json', '-p', JSON.stringify(operations)];
const merge = (patch: object) => ['patch', 'OBJECT', '--type=merge', '-p', JSON.stringify(patch)];
const strategic = (patch: object) => ['patch', 'OBJECT', '-p', JSON.stringify(patch)];
const inPod = (spec: object) => strategic({ spec: { template: { spec } } });
const inWeb = (container: object) => inPod({ containers: [{ name: 'web', ...container }] });
const containers = '/spec/template/spec/containers';

/** What people do. */
export const handEdits: HandEdit[] = [
  {
    ...{ name: 'image', kind: 'deployment', kubectl: [['set', 'image', 'OBJECT', 'web=web:hand']] },
    found: { [`${template}.containers[name=web].image`]: 'kubectl-set' },
  },
  {
    ...{ name: 'scale', kind: 'deployment', kubectl: [['scale', 'OBJECT', '--replicas=2']] },
    found: { 'spec.replicas': 'kubectl' },
  },
  {
    ...{ name: 'env', kind: 'deployment', kubectl: [['set', 'env', 'OBJECT', '--containers=web', 'A=9']] },
    found: { [`${template}.containers[name=web].env[name=A].value`]: 'kubectl-set' },
  },
  {
    ...{ name: 'empty-env', kind: 'deployment', kubectl: [['set', 'env', 'OBJECT', '--containers=web', 'B=x']] },
    found: { [`${template}.containers[name=web].env[name=B].value`]: 'kubectl-set' },
  },
  {
    ...{ name: 'new-env', kind: 'deployment', kubectl: [['set', 'env', 'OBJECT', '--containers=web', 'DEBUG=1']] },
    ...{ state: 'added', found: { [`${template}.containers[name=web].env[name=DEBUG]`]: 'kubectl-set' } },
  },
  {
    ...{ name: 'no-env', kind: 'deployment', kubectl: [json({ op: 'remove', path: `${containers}/0/env/0` })] },
    found: { [`${template}.containers[name=web].env[name=A]`]: '-' },
  },
  {
    name: 'double-env',
    kind: 'deployment',
    kubectl: [json({ op: 'add', path: `${containers}/0/env/-`, value: { name: 'A', value: '2' } })],
    found: { [`${template}.containers[name=web].env`]: 'kubectl-patch' },
  },
  {
    ...{ name: 'label', kind: 'deployment', kubectl: [['label', 'OBJECT', 'team=b', '--overwrite']] },
    found: { 'metadata.labels.team': 'kubectl-label' },
  },
  {
    ...{ name: 'new-label', kind: 'deployment', kubectl: [['label', 'OBJECT', 'on-call=ada']] },
    ...{ state: 'added', found: { 'metadata.labels.on-call': 'kubectl-label' } },
  },
  {
    ...{ name: 'no-label', kind: 'deployment', kubectl: [['label', 'OBJECT', 'team-']] },
    found: { 'metadata.labels.team': '-' },
  },
  {
    ...{ name: 'annotation', kind: 'deployment', kubectl: [['annotate', 'OBJECT', 'example.com/by=ada']] },
    ...{ state: 'added', found: { 'metadata.annotations[example.com/by]': 'kubectl-annotate' } },
  },
  {
    name: 'respelled',
    kind: 'deployment',
    kubectl: [['annotate', 'OBJECT', 'example.com/json={"a":1}', '--overwrite']],
    found: { 'metadata.annotations[example.com/json]': 'kubectl-annotate' },
  },
  {
    ...{ name: 'no-container', kind: 'deployment', kubectl: [json({ op: 'remove', path: `${containers}/1` })] },
    found: { [`${template}.containers[name=side]`]: '-' },
  },
  {
    ...{
      name: 'new-container',
      kind: 'deployment',
      kubectl: [inPod({ containers: [{ name: 'spy', image: 'spy:1' }] })],
    },
    ...{ state: 'added', found: { [`${template}.containers[name=spy]`]: 'kubectl-patch' } },
  },
  {
    name: 'order',
    kind: 'deployment',
    kubectl: [json({ op: 'move', from: `${containers}/0`, path: `${containers}/1` })],
    found: { [`${template}.containers`]: '-' },
  },
  {
    ...{ name: 'args', kind: 'deployment', kubectl: [inWeb({ args: ['--port', '8081'] })] },
    found: { [`${template}.containers[name=web].args`]: 'kubectl-patch' },
  },
  {
    ...{ name: 'new-port', kind: 'deployment', kubectl: [inWeb({ ports: [{ containerPort: 9090 }] })] },
    ...{
      state: 'added',
      found: { [`${template}.containers[name=web].ports[containerPort=9090,protocol=TCP]`]: 'kubectl-patch' },
    },
  },
  {
    name: 'no-udp',
    kind: 'deployment',
    kubectl: [json({ op: 'remove', path: `${containers}/0/ports/1` })],
    found: { [`${template}.containers[name=web].ports[containerPort=8080,protocol=UDP]`]: '-' },
  },
  {
    ...{ name: 'memory', kind: 'deployment', kubectl: [inWeb({ resources: { limits: { memory: '2Gi' } } })] },
    found: { [`${template}.containers[name=web].resources.limits.memory`]: 'kubectl-patch' },
  },
  {
    ...{
      name: 'same-cpu',
      kind: 'deployment',
      kubectl: [inWeb({ resources: { requests: { cpu: '1.0', memory: '1Gi' } } })],
    },
  },
  {
    name: 'limits',
    kind: 'deployment',
    kubectl: [inPod({ containers: [{ name: 'side', resources: { limits: { cpu: '1' } } }] })],
    ...{ state: 'added', found: { [`${template}.containers[name=side].resources.limits`]: 'kubectl-patch' } },
  },
  {
    ...{
      name: 'medium',
      kind: 'deployment',
      kubectl: [inPod({ volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory' } }] })],
    },
    ...{ state: 'added', found: { [`${template}.volumes[name=tmp].emptyDir.medium`]: 'kubectl-patch' } },
  },
  {
    ...{ name: 'paused', kind: 'deployment', kubectl: [strategic({ spec: { paused: true } })] },
    found: { 'spec.paused': 'kubectl-patch' },
  },
  {
    // A client-side apply leaves no trace of a false that was there.
    name: 'token',
    kind: 'deployment',
    kubectl: [json({ op: 'remove', path: '/spec/template/spec/automountServiceAccountToken' })],
    found: { [`${template}.automountServiceAccountToken`]: '-' },
    except: { 'client-side': 'silent' },
  },
  {
    ...{ name: 'restart', kind: 'deployment', kubectl: [['rollout', 'restart', 'OBJECT']] },
    ...{
      state: 'added',
      found: { 'spec.template.metadata.annotations': 'kubectl-rollout' },
    },
  },
  {
    ...{
      name: 'stripped',
      kind: 'deployment',
      kubectl: [inWeb({ image: 'web:2' }), merge({ metadata: { managedFields: [{}] } })],
    },
    found: { [`${template}.containers[name=web].image`]: '-' },
  },
  {
    ...{ name: 'value', kind: 'configmap', kubectl: [merge({ data: { mode: 'wild' } })] },
    found: { 'data.mode': 'kubectl-patch' },
  },
  {
    ...{ name: 'empty-value', kind: 'configmap', kubectl: [merge({ data: { empty: 'full' } })] },
    found: { 'data.empty': 'kubectl-patch' },
  },
  {
    ...{ name: 'no-empty', kind: 'configmap', kubectl: [merge({ data: { empty: null } })] },
    found: { 'data.empty': '-' },
  },
  {
    ...{ name: 'no-value', kind: 'configmap', kubectl: [merge({ data: { level: null } })] },
    found: { 'data.level': '-' },
  },
  {
    ...{ name: 'new-value', kind: 'configmap', kubectl: [merge({ data: { extra: '1' } })] },
    ...{ state: 'added', found: { 'data.extra': 'kubectl-patch' } },
  },
  {
    ...{ name: 'blob', kind: 'configmap', kubectl: [merge({ binaryData: { blob: 'aGVsbG8h' } })] },
    found: { 'binaryData.blob': 'kubectl-patch' },
  },
  { ...{ name: 'deleted', kind: 'configmap', kubectl: [['delete', 'OBJECT']] }, ...{ state: 'missing', found: {} } },
  {
    name: 'again',
    kind: 'configmap',
    kubectl: [
      ['delete', 'OBJECT'],
      ['create', '-f', '-'],
    ],
    input: (manifest) => manifest.replace('plain', 'again').replace('level:', 'more: x, level:'),
    found: { 'data.mode': 'kubectl-create', 'data.more': 'kubectl-create' },
  },
  {
    name: 'applied',
    kind: 'configmap',
    kubectl: [['apply', '-f', '-']],
    input: (manifest) => manifest.replace('plain', 'applied').replace('level:', 'more: x, level:'),
    found: { 'data.mode': 'kubectl-client-side-apply', 'data.more': 'kubectl-client-side-apply' },
  },
  {
    ...{ name: 'secret', kind: 'secret', kubectl: [merge({ stringData: { token: 'other-canary' } })] },
    found: { 'data.token': 'kubectl-patch' },
  },
  {
    ...{ name: 'new-key', kind: 'secret', kubectl: [merge({ stringData: { more: 'other-canary' } })] },
    ...{ state: 'added', found: { 'data.more': 'kubectl-patch' } },
  },
  {
    ...{ name: 'selector', kind: 'service', kubectl: [merge({ spec: { selector: { tier: 'x' } } })] },
    found: { 'spec.selector': 'kubectl-patch' },
  },
  {
    ...{
      name: 'target',
      kind: 'service',
      kubectl: [strategic({ spec: { ports: [{ port: 53, protocol: 'TCP', targetPort: 5353 }] } })],
    },
    found: { 'spec.ports[port=53,protocol=TCP].targetPort': 'kubectl-patch' },
  },
  {
    ...{
      name: 'host',
      kind: 'ingress',
      kubectl: [json({ op: 'replace', path: '/spec/rules/0/host', value: 'evil.example.com' })],
    },
    found: { 'spec.rules': 'kubectl-patch' },
  },
  {
    ...{
      name: 'pods',
      kind: 'networkpolicy',
      kubectl: [merge({ spec: { podSelector: { matchLabels: { app: 'x' } } } })],
    },
    found: { 'spec.podSelector': 'kubectl-patch' },
  },
  {
    ...{ name: 'closed', kind: 'networkpolicy', kubectl: [merge({ spec: { ingress: [] } })] },
    found: { 'spec.ingress': '-' },
  },
  {
    ...{ name: 'verbs', kind: 'role', kubectl: [json({ op: 'add', path: '/rules/0/verbs/-', value: 'delete' })] },
    found: { rules: 'kubectl-patch' },
  },
  {
    ...{ name: 'most', kind: 'hpa', kubectl: [merge({ spec: { maxReplicas: 9 } })] },
    found: { 'spec.maxReplicas': 'kubectl-patch' },
  },
  {
    ...{ name: 'period', kind: 'widget', kubectl: [merge({ spec: { period: '8761h' } })] },
    found: { 'spec.period': 'kubectl-patch' },
  },
  {
    ...{
      name: 'same-values',
      kind: 'widget',
      kubectl: [merge({ spec: { period: '8760h0m0s', size: 1, port: '80' } })],
    },
  },
  {
    ...{ name: 'size', kind: 'widget', kubectl: [merge({ spec: { size: '1001m' } })] },
    found: { 'spec.size': 'kubectl-patch' },
  },
  {
    ...{ name: 'count', kind: 'widget', kubectl: [json({ op: 'replace', path: '/spec/parts/1/count', value: 3 })] },
    found: { 'spec.parts[name=b,zone=eu].count': 'kubectl-patch' },
  },
  {
    ...{ name: 'no-part', kind: 'widget', kubectl: [json({ op: 'remove', path: '/spec/parts/0' })] },
    found: { 'spec.parts[name=a,zone=eu]': '-' },
  },
  {
    ...{
      name: 'new-part',
      kind: 'widget',
      kubectl: [json({ op: 'add', path: '/spec/parts/-', value: { name: 'c' } })],
    },
    ...{ state: 'added', found: { 'spec.parts[name=c,zone=eu]': 'kubectl-patch' } },
  },
  { ...{ name: 'set-order', kind: 'widget', kubectl: [merge({ spec: { names: ['two', 'one'] } })] } },
  {
    ...{ name: 'deep', kind: 'widget', kubectl: [merge({ spec: { free: { deep: { flag: true } } } })] },
    found: { 'spec.free.deep.flag': 'kubectl-patch' },
  },
  {
    ...{ name: 'no-deep', kind: 'widget', kubectl: [merge({ spec: { free: { deep: { flag: null } } } })] },
    found: { 'spec.free.deep.flag': '-' },
  },
  {
    ...{ name: 'list', kind: 'widget', kubectl: [merge({ spec: { free: { deep: { list: [2, 1] } } } })] },
    found: { 'spec.free.deep.list': 'kubectl-patch' },
  },
  {
    ...{ name: 'default', kind: 'widget', kubectl: [merge({ spec: { mode: 'fast' } })] },
    ...{ state: 'added', found: { 'spec.mode': 'kubectl-patch' } },
  },
];
