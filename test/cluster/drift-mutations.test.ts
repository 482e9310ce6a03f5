import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driftLines } from '../../lib/model/drift-text.ts';
import { describeWithCluster } from '../helpers/cluster.ts';
import { type Batch, type Mutations, openMutations } from '../helpers/mutations/mutations.ts';
import { longText, oddEdits } from '../helpers/mutations/odd.ts';
import { operators } from '../helpers/mutations/operators.ts';
import { realKubectlOperators } from '../helpers/mutations/real-kubectl.ts';

/** One edit on each object of the corpus in each round. */
const rounds = 3;

describeWithCluster('hand edits of every sort, on every kind of object', () => {
  let mutations: Mutations;
  let byHand: Batch;
  const generated: Batch[] = [];
  const all = () => [byHand, ...generated];
  const made = (batches: Batch[], name?: string) =>
    batches.flatMap(({ edits }) => edits).filter((one) => one.asMeant && (name ?? one.operator) === one.operator);
  const missedOf = (batches: Batch[], name: string) =>
    made(batches, name).flatMap(({ isAsExpected, object, edit }) =>
      isAsExpected ? [] : [`${edit.what} on ${object}`],
    );

  beforeAll(async () => {
    mutations = await openMutations();
    byHand = await mutations.byHand();
    for (let round = 0; round < rounds; round++) {
      generated.push(await mutations.generated(round, { last: round === rounds - 1 }));
    }
  });
  afterAll(() => mutations?.close());

  it('are found exactly as they were made, and nothing else is told', () => {
    for (const { unknown, told, expected } of all()) {
      expect(unknown).toEqual([]);
      expect(told).toEqual(expected);
    }
  });

  it('are told with the value that is there and the time of the edit', () => {
    expect(all().flatMap(({ edits }) => edits.flatMap(({ wrong }) => wrong))).toEqual([]);
  });

  it('are told alike by the pull that puts them right, and not after it', () => {
    for (const { expected, pulled, left, afterwards } of all()) {
      expect(pulled).toEqual(expected);
      expect(afterwards).toEqual(left);
    }
  });

  it('are all put right by the pull, but for what the API server lets nobody put back', () => {
    for (const { edits, pull } of all()) {
      const lasting = edits.filter(({ isRevocable }) => !isRevocable).map(({ object }) => object);
      expect(pull.errors.filter(({ object }) => !lasting.includes(object ?? ''))).toEqual([]);
    }
  });

  describe('generated', () => {
    for (const { name, atLeast, kinds } of operators) {
      it(`${name}: at least ${atLeast} edits, on ${kinds} kinds or more, each as expected`, () => {
        expect(missedOf(generated, name)).toEqual([]);
        const own = made(generated, name);
        expect(own.length).toBeGreaterThanOrEqual(atLeast);
        expect(new Set(own.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(kinds);
      });
    }

    it('are 500 at least, and of each sort some on several kinds', () => {
      expect(made(generated).length).toBeGreaterThanOrEqual(500);
      for (const { name } of operators) {
        expect(new Set(made(generated, name).map(({ kind }) => kind)).size, name).toBeGreaterThanOrEqual(2);
      }
    });
  });

  describe('with the real kubectl', () => {
    for (const { name, atLeast } of realKubectlOperators) {
      it(`${name}: ${atLeast}, as expected`, () => {
        expect(missedOf([byHand], name)).toEqual([]);
        expect(made([byHand], name)).toHaveLength(atLeast);
      });
    }
  });

  describe('out of the ordinary', () => {
    for (const { name } of oddEdits) {
      it(name, () => {
        expect(missedOf([byHand], name)).toEqual([]);
        expect(made([byHand], name)).toHaveLength(1);
      });
    }

    it('are shown on one line each, cut where they are long, without control characters', () => {
      const finding = byHand.edits.find(({ object }) => object.endsWith('/texts'))?.finding;
      const long = finding?.fields.find(({ path }) => path === 'data.long');
      expect(long?.live).toBe(`${longText.slice(0, 1000)}… (${longText.length + 1} characters)`);
      const lines = driftLines(finding!);
      expect(lines).toHaveLength(4);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
      for (const line of lines) expect(line.length).toBeLessThan(500);
    });
  });
});
