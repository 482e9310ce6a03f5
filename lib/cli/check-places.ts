import type { Config } from '../config/config.ts';
import { windlassFileName } from '../config/windlass-file.ts';
import { type Finding, readYamlSource } from '../config/yaml-source.ts';
import type { SourceTree } from '../desired/ports.ts';
import { findMarkers, type Marker } from '../edit/find-markers.ts';
import { mayHoldMarkers, type SkippedMarker, type SourceFile } from '../edit/source-file.ts';
import { filesOfTarget, type PolicyTarget, targetsByFile } from '../edit/target.ts';
import type { Problem } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { readFluxObjects } from '../policy/flux-objects.ts';
import { type FluxFound, type FluxPolicies, fluxPolicyFor, policiesOfFlux } from '../policy/flux-policies.ts';
import { fluxToken } from '../policy/from-flux.ts';

/** What is wrong with the places in Git that bump writes to, and the Flux objects that may be policies of markers. */
export interface CheckedPlaces {
  /** Of targets: windlass.yaml says what is not so. */
  problems: Problem[];
  /** Of markers and Flux objects, which others may have written for others. */
  warnings: Problem[];
  /** The policies that a hold or suspend can be about beside those of windlass.yaml. */
  fluxNames: string[];
}

/** Looks for every target and marker in the tree, as bump would. `text` is windlass.yaml's. */
export async function checkPlaces(tree: SourceTree, config: Config, text: string): Promise<CheckedPlaces> {
  const targets = Object.values(config.images).flatMap(({ name, image, targets: own }) =>
    own.map((target, index) => ({ policy: name, repository: image, target, index })),
  );
  const byFile = targetsByFile(targets);
  const files = (await tree.files('.')).filter(({ kind }) => kind === 'file').map(({ path }) => path);
  const read: ReadFile[] = [];
  // One at a time: a file is let go before the next is read.
  for (const path of files) {
    if (byFile.has(path) || mayHoldMarkers(path))
      read.push(readFile({ path, bytes: await tree.read(path) }, byFile.get(path) ?? []));
  }
  const flux = policiesOfFlux(
    read.flatMap(({ flux: { objects }, path }) => objects.map((object) => ({ file: path, object }))),
    Object.keys(config.images),
  );
  const { source } = readYamlSource(text, windlassFileName);
  const there = new Set(files);
  const lost = targets.filter(({ target }) => !filesOfTarget(target).some((path) => there.has(path))).map(missingFile);
  const named = new Set(read.flatMap(({ markers }) => markers.map(({ policy }) => policy)));
  return {
    problems: [
      ...lost.map((finding) => source!.problem(finding)),
      ...read.flatMap(({ refused }) => refused.map(problemOf('bad-target'))),
    ],
    warnings: [
      ...read.flatMap(({ flux: { problems } }) => problems),
      ...flux.problems,
      ...flux.warnings,
      ...read.flatMap(({ skipped }) => skipped.map(problemOf('bad-marker'))),
      ...read.flatMap(({ path, markers }) => unknownPolicies(path, markers, config, flux)),
      ...unplaced(config, named).map((finding) => source!.problem(finding)),
    ],
    fluxNames: [...flux.policies.map(({ name }) => name), ...flux.refused],
  };
}

interface ReadFile {
  path: string;
  markers: Pick<Marker, 'policy' | 'line'>[];
  /** Markers that are not applied. */
  skipped: SkippedMarker[];
  /** Targets that are not there, or that a marker contradicts. */
  refused: SkippedMarker[];
  flux: { objects: FluxFound['object'][]; problems: Problem[] };
}

function readFile(file: SourceFile, targets: readonly PolicyTarget[]): ReadFile {
  const alone = findMarkers(file);
  const found = targets.length === 0 ? alone : findMarkers(file, targets);
  const skipped = alone?.skipped ?? [];
  const known = new Set(skipped.map(textOf));
  const holdsFlux = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength).includes(fluxToken);
  return {
    path: file.path,
    markers: (alone?.markers ?? []).map(({ policy, line }) => ({ policy, line })),
    skipped,
    refused: (found?.skipped ?? []).filter((one) => !known.has(textOf(one))),
    flux: holdsFlux ? readFluxObjects(new TextDecoder().decode(file.bytes), file.path) : { objects: [], problems: [] },
  };
}

function textOf({ line, reason }: SkippedMarker): string {
  return `${line} ${reason}`;
}

function problemOf(code: string): (skipped: SkippedMarker) => Problem {
  return ({ file, line, reason }) => ({ code, file, line, column: 1, message: reason });
}

function missingFile({ policy, target, index }: PolicyTarget & { index: number }): Finding {
  const message =
    target.kind === 'kustomization'
      ? `there is no kustomization at ${target.path}`
      : `there is no file ${target.path}, or it is a link`;
  return { path: ['images', policy, 'targets', index], code: 'target-missing', message };
}

function unknownPolicies(
  file: string,
  markers: ReadFile['markers'],
  config: Config,
  flux: Pick<FluxPolicies, 'policies' | 'refused'>,
): Problem[] {
  const isKnown = (policy: string) =>
    Object.hasOwn(config.images, policy) || flux.refused.includes(policy) || fluxPolicyFor(policy, flux) !== undefined;
  return markers
    .filter(({ policy }) => !isKnown(policy))
    .map(({ policy, line }) => {
      const close = nearest(policy, [...Object.keys(config.images), ...flux.policies.map(({ name }) => name)]);
      const message = `there is no policy "${policy}": the marker is not applied`;
      const hint = close === undefined ? 'write it under images in windlass.yaml' : `did you mean "${close}"?`;
      return { code: 'unknown-policy', file, line, column: 1, message, hint };
    });
}

/** Images that are written nowhere. One that is held back says why already. */
function unplaced(config: Config, named: ReadonlySet<string>): Finding[] {
  return Object.values(config.images)
    .filter(({ name, notYet, targets }) => notYet === undefined && targets.length === 0 && !named.has(name))
    .map(({ name }) => ({
      path: ['images', name],
      at: 'key',
      code: 'no-place',
      message: `${name} is not bumped: no marker names it, and it has no targets`,
      hint: `write # {"$imagepolicy": "${name}"} beside the image`,
    }));
}
