import { ecrRepository } from '../../model/ecr.ts';
import { unifiedDiff } from '../output/unified-diff.ts';
import type { Proposal } from './init.ts';
import type { NewFile } from './new-repo.ts';

/** A file that is made or edited. */
export interface PlannedFile {
  path: string;
  act: 'create' | 'edit';
  diff: string;
  before?: Uint8Array;
  after: Uint8Array;
}

/** The Amazon ECR repositories that are followed: what the stack must be told of. */
export interface FollowedEcr {
  account: string;
  region: string;
  names: string[];
}

/** What is to be written: windlass.yaml and the workflow that checks it, and the files that get markers. */
export function plannedFiles(made: readonly NewFile[], edited: Proposal['files']): PlannedFile[] {
  const created = made.map(({ path, text }): PlannedFile => {
    return { path, act: 'create', diff: unifiedDiff(path, undefined, text), after: new TextEncoder().encode(text) };
  });
  const edits = edited.map(({ path, before, after }): PlannedFile => {
    // Without the lines around: what stands beside an image may be secret.
    const diff = unifiedDiff(path, textOf(before), textOf(after), 0);
    return { path, act: 'edit', diff, before, after };
  });
  return [...created, ...edits];
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The ECR repositories among images, by account and region. */
export function followedEcr(repositories: readonly string[]): FollowedEcr[] {
  const found = repositories.flatMap((repository) => ecrRepository(repository) ?? []);
  const groups = Map.groupBy(found, ({ account, region }) => `${account} ${region}`);
  return [...groups.values()].map((all) => {
    const { account, region } = all[0]!;
    return { account, region, names: [...new Set(all.map(({ name }) => name))].sort() };
  });
}
