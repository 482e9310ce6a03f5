import { describe } from 'vitest';
import { commits } from './config-repo-commits.ts';
import { past } from './config-repo-past.ts';
import { proposals } from './config-repo-proposals.ts';
import { reads } from './config-repo-reads.ts';
import { surveys } from './config-repo-surveys.ts';
import type { Abilities, Make } from './config-repo-under-test.ts';

/** What every `ConfigRepo` does. */
export function configRepoSuite(name: string, make: Make, can: Abilities): void {
  describe(`${name} as a config repo`, () => {
    describe('reads', () => reads(make));
    describe('tells the past', () => past(make, can));
    describe('surveys', () => surveys(make));
    describe('commits', () => commits(make, can));
    if (can.proposes !== false) describe('proposes', () => proposals(make, can));
  });
}
