import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster } from '../helpers/cluster.ts';
import { type Batch, type Mutations, openMutations } from '../helpers/mutations/mutations.ts';
import { operators } from '../helpers/mutations/operators.ts';

/** One edit on each object of the corpus in each round. */
const rounds = 3;

describeWithCluster('hand edits of every sort, on every kind of object', () => {
  let mutations: Mutations;
  const batches: Batch[] = [];
  const edits = () => batches.flatMap((batch) => batch.edits).filter(({ asMeant }) => asMeant);

  beforeAll(async () => {
    mutations = await openMutations();
    for (let round = 0; round < rounds; round++) batches.push(await mutations.batch(round));
  });
  afterAll(() => mutations?.close());

  it('are found exactly as they were made, and nothing else is told', () => {
    for (const { unknown, told, expected } of batches) {
      expect(unknown).toEqual([]);
      expect(told).toEqual(expected);
    }
  });

  it('are told with the value that is there and the time of the edit', () => {
    expect(batches.flatMap((batch) => batch.edits.flatMap(({ wrong }) => wrong))).toEqual([]);
  });

  it('are told alike by the pull that puts them right, and not after it', () => {
    for (const { expected, pulled, left, afterwards } of batches) {
      expect(pulled).toEqual(expected);
      expect(afterwards).toEqual(left);
    }
  });

  it('are all put right by the pull, but for what the API server lets nobody put back', () => {
    for (const { edits: made, pull } of batches) {
      const lasting = made.filter(({ isRevocable }) => !isRevocable).map(({ object }) => object);
      expect(pull.errors.filter(({ object }) => !lasting.includes(object ?? ''))).toEqual([]);
    }
  });

  for (const { name, atLeast, kinds } of operators) {
    it(`${name}: at least ${atLeast} edits, on ${kinds} kinds or more, each as expected`, () => {
      const made = edits().filter(({ operator }) => operator === name);
      const missed = made.filter(({ isAsExpected }) => !isAsExpected);
      expect(missed.map(({ object, edit }) => `${edit.what} on ${object}`)).toEqual([]);
      expect(made.length).toBeGreaterThanOrEqual(atLeast);
      expect(new Set(made.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(kinds);
    });
  }

  it('are 500 at least, and of each sort some on several kinds', () => {
    expect(edits().length).toBeGreaterThanOrEqual(500);
    for (const { name } of operators) {
      const kinds = new Set(edits().flatMap(({ operator, kind }) => (operator === name ? [kind] : [])));
      expect(kinds.size, name).toBeGreaterThanOrEqual(2);
    }
  });
});
