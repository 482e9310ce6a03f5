import { type MarkedText, makeFiles } from './marked-files.ts';

/** An image of the config repo: its policy, and the files that name it. */
export interface Service {
  policy: string;
  image: string;
  /** Path and text of each file, with a tag. */
  filesWith(tag: string): Record<string, string>;
}

/** A whole config repo as a team has it; always the same for the same number of files. */
export interface ConfigFiles {
  files: Record<string, string>;
  services: Service[];
}

/** Where the images are, as ECR's events name it. */
export const registryPlace = { account: '123456789012', region: 'eu-west-1' };
const host = `${registryPlace.account}.dkr.ecr.${registryPlace.region}.amazonaws.com`;

/** The tag that all images have at first. */
export const firstTag = '1.4.2';
const laterTag = '1.5.0';

/** A team writes the same few ranges again and again. All take every tag of 1.4 and 1.5. */
const ranges = ['>=1.0.0 <2.0.0', '^1.4.0', '1.x', '~1', '>=1.4', '>=1.2.3, <3.0.0'];

/** Of 10,000 files 931 have a marker. */
const markedShare = 0.0931;
/** Files that name the same image: an environment or a region each. */
const filesOfService = 3;

/**
 * `count` files, windlass.yaml among them: nine manifests of ten, of which 9.31 % of all have a marker, and one kustomization of ten that
 * names a directory outside of its own. An image policy for each three marked files. Throws for fewer than 20 files.
 */
export function makeConfigRepo(count: number): ConfigFiles {
  if (count < 20) throw new Error(`a config repo of ${count} files is too small`);
  const kustomizations = Math.floor(count / 10);
  const manifests = makeFiles(count - kustomizations - 1, Math.round(count * markedShare));
  const marked = manifests.filter(({ before, after }) => before !== after);
  const services = Array.from({ length: Math.ceil(marked.length / filesOfService) }, (_, index) =>
    serviceOf(index, marked.slice(index * filesOfService, (index + 1) * filesOfService)),
  );
  const entries = services.map(
    ({ policy, image }, index) => `  ${policy}: { image: ${image}, semver: "${ranges[index % ranges.length]}" }\n`,
  );
  return {
    services,
    files: {
      'windlass.yaml': `windlass: 1\nimages:\n${entries.join('')}`,
      ...Object.fromEntries(manifests.map(({ path, before }) => [path, before])),
      ...Object.fromEntries(Array.from({ length: kustomizations }, (_, index) => kustomization(index))),
      ...Object.assign({}, ...services.map((service) => service.filesWith(firstTag))),
    },
  };
}

/** Gives files of the one image `web` to an image of their own. */
function serviceOf(index: number, marked: readonly MarkedText[]): Service {
  const policy = `service-${index}`;
  const image = `${host}/shop/${policy}`;
  const texts = marked.map(({ path, after }) => {
    const parts = after
      .replaceAll('registry.example.com/shop/web', image)
      .replaceAll('{"$imagepolicy": "web', `{"$imagepolicy": "${policy}`)
      .split(laterTag);
    if (parts.length !== 2) throw new Error(`${path} has its tag ${parts.length - 1} times, not once`);
    return { path, parts };
  });
  return {
    policy,
    image,
    filesWith: (tag) => Object.fromEntries(texts.map(({ path, parts }) => [path, parts.join(tag)])),
  };
}

function kustomization(index: number): [path: string, text: string] {
  const app = `team-${index % 40}/app-${Math.floor(index / 40)}`;
  return [
    `clusters/prod/${app}/kustomization.yaml`,
    `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ../../../../${app}\n`,
  ];
}
