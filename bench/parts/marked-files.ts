import { seeded } from './numbers.ts';

/** A file before and after the edit that sets the image `web` to 1.5.0; without a marker both are the same. */
export interface MarkedText {
  path: string;
  before: string;
  after: string;
}

const repository = 'registry.example.com/shop/web';

/** The ways in which people write the line with a marker. Each has the marked value once. */
const lines: ((tag: string) => string)[] = [
  (tag) => `          image: ${repository}:${tag} # {"$imagepolicy": "web"}`,
  (tag) => `          image: "${repository}:${tag}"   # {"$imagepolicy": "web"}`,
  (tag) => `          image:   '${repository}:${tag}' # {"$imagepolicy": "web"}  `,
  (tag) => `          image: ${repository}:${tag}\t# {"$imagepolicy": "web"}`,
];

/** Whole files with the marked value once, of the kinds that a config repo has beside Deployments. */
const otherFiles: ((tag: string) => string)[] = [
  (tag) =>
    `# values\nimage:\n    repository: ${repository}\n    tag:   "${tag}"  # {"$imagepolicy": "web:tag"}\n\n\nreplicas:   3\n`,
  (tag) =>
    `images:\n- name: web\n  newTag: ${tag} # {"$imagepolicy": "web:tag"}\npatches: [ {path: a.yaml}, { path: b.yaml } ]\n`,
  (tag) =>
    `\uFEFF- op: replace   # JSON6902\n  path: /spec/template/spec/containers/0/image\n  value: "${repository}:${tag}" # {"$imagepolicy": "web"}`,
  (tag) =>
    `apiVersion: v1\nkind: List\nitems:\n  -   apiVersion: v1\n      kind: Pod\n      spec: { containers: [] }\n  - apiVersion: v1\n    kind: ConfigMap\n    data:\n      image: ${repository}:${tag} # {"$imagepolicy": "web"}\n`,
  (tag) =>
    `%YAML 1.1\n---\n# why\nargs: [\n    "--image",\n    # {"$imagepolicy": "web"}\n    '${repository}:${tag}',\n]\n...\n---   \nb:   1\n`,
  (tag) =>
    `apiVersion: v1\nkind: ConfigMap\ndata:\n    IMAGE: |- # {"$imagepolicy": "web"}\n        ${repository}:${tag}\n\n    OTHER: >+\n        text\n\n`,
  (tag) =>
    `{{- if .Values.web }}\nspec:\n  template:\n    metadata: {labels: {{ include "web.labels" . | nindent 6 }} }\n    spec:\n      containers:\n        - name: {{ .Chart.Name }}\n          image: ${repository}:${tag} # {"$imagepolicy": "web"}\n          {{- with .Values.env }}\n          env: {{- toYaml . | nindent 12 }}\n          {{- end }}\n{{- end }}\n`,
];

/** `count` manifests of 0.5 to 4 KB, `marked` of them with a marker, evenly spread; always the same ones. */
export function makeFiles(count: number, marked: number): MarkedText[] {
  const random = seeded(3);
  return Array.from({ length: count }, (_, index) => {
    const path = `team-${index % 40}/app-${Math.floor(index / 40)}/${random() < 0.5 ? 'deployment.yaml' : 'app.yml'}`;
    const hasMarker = Math.floor(((index + 1) * marked) / count) > Math.floor((index * marked) / count);
    const style = Math.floor(random() * 1000);
    const extra = Math.floor(random() * 60);
    const textWith = (tag: string) => withLineEnds(textOf(index, style, extra, hasMarker, tag), style);
    return { path, before: textWith('1.4.2'), after: textWith('1.5.0') };
  });
}

function withLineEnds(text: string, style: number): string {
  return style % 11 === 10 ? text.replaceAll('\n', '\r\n') : text;
}

function textOf(index: number, style: number, extra: number, hasMarker: boolean, tag: string): string {
  if (hasMarker && style % 5 === 0) return otherFiles[style % otherFiles.length]!(tag);
  const line = hasMarker ? lines[style % lines.length]!(tag) : `          image: ${repository}:1.4.2`;
  const variables = Array.from(
    { length: extra },
    (_, each) => `            - {name: OPTION_${each}, value: "${index}"}`,
  );
  const config = `---\n\napiVersion: v1\nkind: ConfigMap # settings\nmetadata: { name: app-${index} }\ndata:\n  key: >-\n    folded\n    text\n`;
  const deployment = [
    '# Kept by the team.',
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata:',
    `  name: app-${index}`,
    'spec:',
    '  template:',
    '    spec:',
    '      containers:',
    '        - name: web',
    line,
    ...(variables.length > 0 ? ['          env:', ...variables] : []),
    '',
  ].join('\n');
  return style % 3 === 0 ? `${deployment}${config}` : deployment;
}
