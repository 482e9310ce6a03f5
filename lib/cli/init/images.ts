import { ecrRepository } from '../../model/ecr.ts';
import { matchesGlob } from '../../model/glob.ts';
import { type FluxPolicies, fluxPolicyFor } from '../../policy/flux-policies.ts';
import { compilePolicy } from '../../policy/policy.ts';
import { familyOfTag, type PolicyRule, type TagFamily } from '../../policy/propose.ts';
import type { Remark } from './candidate.ts';
import { nameImages } from './image-names.ts';
import type { ImagePlace, ProposedImage } from './image-places.ts';
import type { UpdaterImage } from './image-updater.ts';

/** What is known of images beside their places. */
export interface ImageKnowledge {
  flux: FluxPolicies;
  updater: readonly (UpdaterImage & { files: ReadonlySet<string> })[];
  /** The owner of the config repo, where that is known: `acme`. */
  owner: string | undefined;
  /** Repositories that are to be followed, whoever they belong to; `*` stands for any text. */
  follow: readonly string[];
}

/** Registries where everybody's images are. */
const publicHosts =
  /^(?:docker\.io|registry-1\.docker\.io|quay\.io|ghcr\.io|gcr\.io|registry\.k8s\.io|k8s\.gcr\.io|public\.ecr\.aws|mcr\.microsoft\.com|registry\.gitlab\.com|nvcr\.io|lscr\.io|docker\.elastic\.co|docker\.n8n\.io|registry\.access\.redhat\.com)$/;

/** Proposes a policy for each of the team's images; what it cannot tell is among the remarks. */
export function proposeImages(
  places: readonly ImagePlace[],
  known: ImageKnowledge,
): { images: ProposedImage[]; remarks: Remark[] } {
  const remarks: Remark[] = [];
  const open = places.filter(({ policies }) => !policies.some((policy) => fluxPolicyFor(policy, known.flux)));
  const marked = new Set(places.filter((place) => !open.includes(place)).map(({ image }) => image.repository));
  const foreign = new Map<string, ImagePlace[]>();
  const own: ImagePlace[] = [];
  for (const place of open) {
    const { repository } = place.image;
    if (place.policies.length === 0 && marked.has(repository)) {
      remarks.push({
        about: at(place),
        message: `${repository} has no marker here, and elsewhere it has: it stays without`,
      });
    } else if (place.policies.length > 0 || isOwn(repository, known)) own.push(place);
    else foreign.set(repository, [...(foreign.get(repository) ?? []), place]);
  }
  const images = grouped(own, known, remarks);
  remarks.push(...[...foreign].map(([repository, of]) => notFollowed(repository, of)));
  return { images: nameImages(images), remarks };
}

/** A team's own: in a registry of its own, or of its own name in a public one. */
function isOwn(repository: string, { owner, follow, updater, flux }: ImageKnowledge): boolean {
  if (follow.some((pattern) => matchesGlob(pattern, repository))) return true;
  if (updater.some((one) => one.repository === repository)) return true;
  if (flux.policies.some(({ spec }) => spec.image === repository)) return true;
  const [host = '', ...path] = repository.split('/');
  const isHost = path.length > 0 && /[.:]|^localhost$/.test(host);
  if (!isHost) return owner !== undefined && host === owner && path.length > 0;
  return !publicHosts.test(host) || (owner !== undefined && path[0] === owner && path.length > 1);
}

function notFollowed(repository: string, places: readonly ImagePlace[]): Remark {
  const where = places.length === 1 ? at(places[0]!) : `${at(places[0]!)} and ${places.length - 1} more`;
  const message = `it is not followed, as it seems to be somebody else's (${where}); --follow ${repository} follows it`;
  return { about: repository, message };
}

interface Group {
  repository: string;
  /** The name that markers have already. */
  named?: string;
  family?: TagFamily;
  updater?: UpdaterImage;
  places: ImagePlace[];
}

/** One policy for all places of a repository with tags of one family. */
function grouped(own: readonly ImagePlace[], known: ImageKnowledge, remarks: Remark[]): Omit<ProposedImage, 'name'>[] {
  const groups = new Map<string, Group>();
  for (const place of own) {
    const { repository, tag, digest } = place.image;
    const named = place.policies[0];
    const updaters = known.updater.filter((one) => one.repository === repository);
    const updater = updaters.find(({ files }) => files.has(place.file.path));
    if (updaters.length > 0 && updater === undefined) {
      const message = `Image Updater does not update ${repository} here: it stays without a marker`;
      remarks.push({ about: at(place), message });
      continue;
    }
    const knowsPushTimes = ecrRepository(repository) !== undefined;
    const family = tag === undefined ? noTag : familyOfTag(tag, { knowsPushTimes, hasDigest: digest !== undefined });
    if (updater === undefined && 'reason' in family) {
      remarks.push({ about: at(place), message: `${repository}: ${family.reason}` });
      continue;
    }
    const kind = updater === undefined && 'key' in family ? family.key : 'updater';
    const key = JSON.stringify(named === undefined ? [repository, kind] : [repository, kind, named]);
    const group = groups.get(key) ?? { repository, places: [], ...(named !== undefined && { named }) };
    group.places.push(place);
    if (updater !== undefined) group.updater = updater;
    else if ('key' in family) group.family = family;
    groups.set(key, group);
  }
  return [...groups.values()].flatMap((group) => imageOf(group, remarks) ?? []);
}

const noTag = { reason: 'Git has a digest without a tag, which does not tell what to follow: write the tag before it' };

function imageOf(group: Group, remarks: Remark[]): (Omit<ProposedImage, 'name'> & { wish?: string }) | undefined {
  const { repository, family, updater, places, named } = group;
  const tags = [...new Set(places.flatMap(({ image }) => image.tag ?? []))];
  const rule = updater?.rule ?? family!.ruleOf(tags);
  const wrong = ruleProblem(repository, rule);
  if (wrong !== undefined) {
    remarks.push({ about: repository, message: wrong });
    return undefined;
  }
  const words = updater === undefined ? `${family!.words}, as Git has ${tags.join(' and ')}` : `by ${updater.from}`;
  return {
    ...{ image: repository, rule, words, isNamed: named !== undefined },
    ...(named !== undefined && { wish: named }),
    places: places.filter(({ policies }) => policies.length === 0),
    environments: [...new Set(places.flatMap(({ environments }) => environments))],
  };
}

/** What keeps a policy that another tool's words were read as from being one. */
function ruleProblem(image: string, rule: PolicyRule): string | undefined {
  if (rule.newest && ecrRepository(image) === undefined)
    return 'only Amazon ECR tells when an image was pushed: give its builds tags with an order, like main-<commit>-<time>';
  try {
    compilePolicy({ image, ...rule });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** `apps/shop/prod/kustomization.yaml:12`. */
export function at({ file, image }: ImagePlace): string {
  const line = image.scalars[0]?.line;
  return line === undefined ? file.path : `${file.path}:${line}`;
}
