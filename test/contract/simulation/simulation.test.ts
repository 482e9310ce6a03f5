import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { storyIn } from '../../../lib/model/bump-story.ts';
import { trailersIn } from '../../../lib/model/commit-message.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import type { Commit, Fault } from '../../standins/github.ts';
import { World } from './world.ts';

const rounds = 400;
const pushesARound = 5;

/** Whatever GitHub may answer, before the work is done and after it. */
const troubles: Fault[] = (['before', 'after'] as const).flatMap((when) =>
  ([409, 422, 429, 500, 502, 403, 'reset', 'cut', 'silence', 'rate-limited'] as const).map((trouble) => ({
    trouble,
    when,
    chance: 0.006,
    retryAfter: 60,
  })),
);

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');
const storyOf = (commit: Commit) => storyIn({ trailers: trailersIn(commit.message) });

describeWithStandins('bump, over months in which everything goes wrong', () => {
  describe.each([1, 2, 3])('seed %i', (seed) => {
    it('ends with every newest tag in Git, told once, and nobody has lost a line', async () => {
      const world = await World.make(seed, 24);
      world.github.faults.add(...troubles);
      world.registry.trouble = 0.02;
      for (let round = 0; round < rounds; round++) {
        for (let push = 0; push < pushesARound; push++) world.push();
        if (world.chance.hits(0.3)) world.edit();
        if (world.chance.hits(0.1)) world.merge();
        await world.batch(0.1);
        if (world.chance.hits(0.03)) await world.sweep(0.1);
      }
      world.github.faults.clear();
      world.registry.trouble = 0;
      while (world.queue.length > 0) await world.batch(0);
      await world.sweep(0);
      world.merge();
      await world.sweep(0);
      const { told, records, github } = world;
      // The months were as bad as they were meant to be.
      expect(told.pushes).toBe(rounds * pushesARound);
      for (const count of Object.values(told)) expect(count).toBeGreaterThan(4);

      const prod = text(github.show('overlays/prod.yaml'));
      for (const [name, tag] of world.newest) {
        expect(text(github.show(`apps/${name}/web.yaml`))).toContain(`/${name}:${tag} # {`);
        expect(prod).toContain(`- name: ${name}\n  newTag: ${tag} # {`);
      }
      for (const { path, line } of world.written) expect(text(github.show(path)).split('\n')).toContain(line);

      const commits = github.log().toReversed();
      const bumps = commits.flatMap((commit) => {
        const story = storyOf(commit);
        return story === undefined ? [] : [{ commit, story }];
      });
      expect(bumps.length).toBeGreaterThan(50);
      const moves = bumps.flatMap(({ story }) => story.images.map(({ policy, to }) => `${policy} ${to}`));
      expect(new Set(moves).size).toBe(moves.length);
      for (const name of world.names) {
        const minors = moves.flatMap((move) => (move.startsWith(`${name} `) ? Number(move.split('.')[1]) : []));
        expect(minors).toEqual(minors.toSorted((a, b) => a - b));
      }
      for (const { commit } of bumps) {
        for (const { path, bytes } of github.files(commit.oid)) expect(() => loadAll(text(bytes)), path).not.toThrow();
      }

      const all = [...records.written.values()];
      const of = (kind: string) => all.filter((record) => record.kind === kind).map(({ revision }) => revision);
      const recorded = all.filter(({ kind }) => kind === 'bumped').map(({ id }) => id);
      expect(new Set(recorded).size).toBe(recorded.length);
      const [bumped, proposed] = [new Set(of('bumped')), new Set(of('bump-proposed'))];
      const untold = bumps.filter(({ commit }) => !bumped.has(commit.oid) && !proposed.has(commit.oid));
      expect(untold.map(({ commit }) => commit.message)).toEqual([]);
      for (const revision of bumped) expect(commits.some(({ oid }) => oid === revision)).toBe(true);
    });
  });
});
