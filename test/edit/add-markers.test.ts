import { describe, expect, it } from 'vitest';
import { addMarkers } from '../../lib/edit/add-markers.ts';
import { imagesOfKustomization, imagesOfManifest } from '../../lib/edit/find-images.ts';
import { findMarkers } from '../../lib/edit/find-markers.ts';
import { readYaml } from '../../lib/edit/read-yaml.ts';
import type { YamlText } from '../../lib/edit/yaml-text.ts';

function read(text: string): YamlText {
  const yaml = readYaml(text);
  if ('reason' in yaml) throw new Error(yaml.reason);
  return yaml;
}

/** Marks all images of a text with the policy "web". */
function marked(text: string, path = 'web.yaml') {
  const yaml = read(text);
  const images = path.startsWith('kustom') ? imagesOfKustomization(yaml) : imagesOfManifest(yaml);
  const wishes = images.flatMap(({ scalars }) => scalars.map(({ spot, part }) => ({ policy: 'web', part, spot })));
  const bytes = new TextEncoder().encode(text);
  const { after, refused, placed } = addMarkers({ path, bytes }, yaml, wishes);
  return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(after), refused, placed, after };
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      initContainers:
        - name: wait
          image: "acme/wait:2.0.0"
      containers:
        - image: acme/web:1.4.2
          name: web
`;

describe('the images of a file', () => {
  it('are those of containers, with the way to each', () => {
    const images = imagesOfManifest(read(deployment));
    expect(images.map(({ repository, tag, scalars }) => [repository, tag, scalars[0]?.line])).toEqual([
      ['acme/wait', '2.0.0', 9],
      ['acme/web', '1.4.2', 11],
    ]);
    expect(images[1]?.scalars[0]?.keys.join('/')).toBe('spec/template/spec/containers/0/image');
  });

  it('are tag and digest of a kustomization’s entries, under the name that they give', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const images = imagesOfKustomization(
      read(
        `images:\n- name: web\n  newName: acme/web\n  newTag: v1.10\n  digest: ${digest}\n- name: api\n  newName: acme/api\n`,
      ),
    );
    expect(images).toMatchObject([{ repository: 'acme/web', entry: 'web', tag: 'v1.10', digest }]);
    expect(images[0]?.scalars.map(({ part }) => part)).toEqual(['tag', 'digest']);
  });

  it('are repository and tag of Helm values, with the registry before them', () => {
    const values =
      'image:\n  registry: ghcr.io\n  repository: acme/web\n  tag: "1.4.2"\nsidecar: { image: acme/side:1.0.0 }\n';
    expect(imagesOfManifest(read(values)).map(({ repository, tag }) => `${repository} ${tag}`)).toEqual([
      'ghcr.io/acme/web 1.4.2',
      'acme/side 1.0.0',
    ]);
  });

  it('are values of JSON patches, and never what a Secret holds', () => {
    const patch = '- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: acme/web:1.0.0\n';
    expect(imagesOfManifest(read(patch))).toMatchObject([{ repository: 'acme/web', tag: '1.0.0' }]);
    expect(imagesOfManifest(read('kind: Secret\nstringData:\n  image: acme/web:1.0.0\n'))).toEqual([]);
  });
});

describe('a marker that is added', () => {
  it('stands at the end of the line, and no other byte changes', () => {
    const { text, refused } = marked(deployment);
    expect(refused).toEqual([]);
    expect(text.replaceAll(/ # \{"\$imagepolicy": "web"\}/g, '')).toBe(deployment);
    expect(text).toContain('- image: acme/web:1.4.2 # {"$imagepolicy": "web"}\n          name: web');
  });

  it.each([
    ['CRLF and a BOM', '\uFEFFimage: acme/web:1.0.0\r\nname: web\r\n'],
    ['no newline at the end', 'image: acme/web:1.0.0'],
    ['blanks at the end', 'image: acme/web:1.0.0  \nname: web\n'],
    ['a comma in flow style', '{ image: acme/web:1.0.0,\n  name: web }\n'],
    ['an anchor', 'image: &web "acme/web:1.0.0"\n'],
    ['several documents', '---\nimage: acme/web:1.0.0\n---\nimage: acme/web:1.0.0\n'],
  ])('keeps everything else where there are %s', (_, before) => {
    const { text, placed, after } = marked(before);
    expect(text.replaceAll(/ # \{"\$imagepolicy": "web"\}/g, '')).toBe(before);
    expect(findMarkers({ path: 'web.yaml', bytes: after })?.markers).toHaveLength(placed.length);
    expect(placed.length).toBeGreaterThan(0);
  });

  it.each([
    ['another comment', 'image: acme/web:1.0.0 # ours\n', 'another comment stands on the line'],
    ['something behind it', '{ image: acme/web:1.0.0, name: web }\n', 'something else stands behind it on the line'],
    ['a closing bracket behind it', '{ image: acme/web:1.0.0 }\n', 'something else stands behind it on the line'],
  ])('is refused for %s', (_, before, reason) => {
    const { text, refused } = marked(before);
    expect([text, refused.map((one) => one.reason)]).toEqual([before, [reason]]);
  });

  it('is refused in JSON, which has no comments', () => {
    expect(marked('{ "image": "acme/web:1.0.0"\n}', 'task.json').refused).toMatchObject([
      { reason: 'markers stand in files that end in .yaml or .yml only' },
    ]);
  });
});
