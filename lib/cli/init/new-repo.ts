import { formatImageRef, type ImageRef } from '../../model/image-ref.ts';
import type { PolicyRule } from '../../policy/propose.ts';
import type { ProposedCluster } from './clusters.ts';
import { isSameStep, toName } from './names.ts';
import { writeWindlassFile } from './write-file.ts';

/** A file that is to be written. */
export interface NewFile {
  path: string;
  text: string;
}

/** The first app of a new config repo. */
export interface FirstApp {
  /** With a tag. */
  image: ImageRef;
  rule: PolicyRule;
  /** What was read from the tag: `versions 1.x`. */
  words: string;
}

const environments = ['staging', 'prod'];

/** A whole config repo: one app with a base and two environments, windlass.yaml and a README. */
export function newRepo(app: FirstApp, clusters: readonly ProposedCluster[]): NewFile[] {
  const name = toName(app.image.repository.split('/').at(-1)!);
  return [
    { path: 'windlass.yaml', text: windlassFile(app, name, clusters) },
    { path: `apps/${name}/base/kustomization.yaml`, text: baseKustomization },
    { path: `apps/${name}/base/deployment.yaml`, text: deployment(name, app) },
    { path: `apps/${name}/base/service.yaml`, text: service(name) },
    ...environments.flatMap((environment) => [
      { path: `apps/${name}/${environment}/kustomization.yaml`, text: overlay(name, environment, app) },
      { path: `apps/${name}/${environment}/namespace.yaml`, text: namespace(`${name}-${environment}`) },
    ]),
    { path: 'README.md', text: readme(name, app) },
    { path: '.gitignore', text: ignored },
  ];
}

function windlassFile({ image, rule, words }: FirstApp, name: string, given: readonly ProposedCluster[]): string {
  const clusters = given.length > 0 ? given : [{ name: 'main' }];
  const clusterOf = (environment: string) =>
    (clusters.find((one) => isSameStep(environment, one.name)) ?? clusters[0]!).name;
  const noPlaces = { places: [], isNamed: true, environments };
  return writeWindlassFile({
    images: [{ name, image: image.repository, rule, words: `${words}, as Git has ${image.tag}`, ...noPlaces }],
    ...{ targets: new Map(), clusters, fluxPolicies: [] },
    environments: environments.map((environment) => ({
      ...{ name: environment, cluster: clusterOf(environment), isGuess: false },
      ...(environment === 'prod' && { update: 'pull-request' as const }),
    })),
    syncs: [
      {
        ...{ name, in: environments, path: `apps/${name}/{env}`, notes: ['expands to one sync for each environment'] },
        candidates: [{ name, path: `apps/${name}`, from: 'the first app', dependsOn: [], notes: [] }],
      },
    ],
  });
}

const baseKustomization = `# What both environments have.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - deployment.yaml
  - service.yaml
`;

function overlay(name: string, environment: string, { image }: FirstApp): string {
  return `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: ${name}-${environment}
resources:
  - namespace.yaml
  - ../base
# Windlass writes the tag: the comment names the policy in windlass.yaml.
images:
  - name: ${image.repository}
    newTag: ${JSON.stringify(image.tag)} # {"$imagepolicy": "${name}:tag"}
`;
}

function namespace(name: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;
}

function deployment(name: string, { image }: FirstApp): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app.kubernetes.io/name: ${name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}
    spec:
      containers:
        - name: ${name}
          # The tag is set by the kustomization of each environment.
          image: ${formatImageRef({ repository: image.repository })}
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /
              port: http
          resources:
            requests:
              cpu: 50m
              memory: 64Mi
            limits:
              memory: 256Mi
`;
}

function service(name: string): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  labels:
    app.kubernetes.io/name: ${name}
spec:
  selector:
    app.kubernetes.io/name: ${name}
  ports:
    - name: http
      port: 80
      targetPort: http
`;
}

const ignored = `# The state of windlass local, and what npm leaves.
.windlass/
node_modules/
`;

function readme(name: string, { image }: FirstApp): string {
  return `# Config repo

What runs in our clusters is what this repository says. Nobody applies anything by hand: CI pushes an image, Windlass commits the new tag here, and
a puller in the cluster applies it. To change anything else, open a pull request.

| file | says |
| --- | --- |
| \`windlass.yaml\` | which tags of which image are wanted, and which path belongs in which cluster |
| \`apps/${name}/base\` | what ${name} consists of |
| \`apps/${name}/staging\`, \`apps/${name}/prod\` | what is different there, and the tag that runs |

The image is \`${formatImageRef(image)}\`. Its builds are followed by the policy \`${name}\` in \`windlass.yaml\`: in staging a new one is a commit, in prod a pull request.

\`\`\`sh
windlass validate          # is all of it right?
windlass local --repo .    # the whole loop on this machine, with a cluster of its own
\`\`\`
`;
}
