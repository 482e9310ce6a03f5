import type { SkippedMarker } from '../edit/source-file.ts';
import type { Problem } from '../model/errors.ts';
import { type FluxPolicies, type FluxPolicy, fluxPolicyFor, policiesOfFlux } from '../policy/flux-policies.ts';
import type { ImageEntry } from './config.ts';
import type { SurveyedFile } from './image-survey.ts';

/** Flux's image policies, as images of ours. */
export interface FluxImages {
  /** By the names that markers use; only those that a marker names. */
  images: Record<string, ImageEntry>;
  /** What cannot be used, each at its file. */
  remarks: SkippedMarker[];
}

/** Makes images of the ImagePolicy objects that markers name. `own` are the names in windlass.yaml, which win. */
export function imagesOfFlux(files: readonly SurveyedFile[], own: readonly string[]): FluxImages {
  const objects = files.flatMap(({ path, facts }) => facts.flux.map((object) => ({ file: path, object })));
  const unread = files.flatMap(({ facts }) => facts.fluxProblems);
  const found: FluxPolicies = policiesOfFlux(objects, own);
  const names = new Set(files.flatMap(({ facts }) => facts.markers.map(({ policy }) => policy)));
  const images: Record<string, ImageEntry> = {};
  for (const name of names) {
    const policy = own.includes(name) ? undefined : fluxPolicyFor(name, found);
    if (policy !== undefined) images[name] = imageOf(name, policy);
  }
  return { images, remarks: [...unread, ...found.problems, ...found.warnings].map(remarkOf) };
}

function imageOf(name: string, { spec, digest, file, suspended }: FluxPolicy): ImageEntry {
  return {
    ...spec,
    name,
    allowDowngrade: false,
    update: 'commit',
    platforms: [],
    gates: {},
    targets: [],
    from: file,
    ...(digest === 'Never' ? {} : { pinDigests: digest === 'Always' ? 'always' : 'if-not-present' }),
    ...(suspended === undefined ? {} : { suspended }),
  };
}

function remarkOf({ file = '', line = 1, object, message }: Problem): SkippedMarker {
  return { file, line, reason: object === undefined ? message : `${object}: ${message}` };
}
