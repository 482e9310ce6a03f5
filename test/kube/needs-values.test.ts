import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareObject } from '../../lib/kube/compare.ts';
import { type LiveMetadata, needsValues } from '../../lib/kube/needs-values.ts';
import type { AppliedEntry } from '../../lib/kube/record.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../lib/model/kube-object.ts';
import { answerTo, entryOf, git, hashKey } from './answers.ts';

const settings = git('ConfigMap', 'settings', { data: { a: '1', b: '2' } });
const metadataOf = ({ apiVersion, kind, metadata }: KubeObject): LiveMetadata => ({ apiVersion, kind, metadata });
const by = (manager: string, fieldsV1: object, rest: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry =>
  ({ manager, operation: 'Update', apiVersion: 'v1', fieldsV1, ...rest }) as ManagedFieldsEntry;
const more = { 'f:metadata': { 'f:labels': { 'f:team': {} } } };

/** Whether the object must be read whole, when this is what the API server answered to our apply. */
const needs = (answer: KubeObject, change: Partial<AppliedEntry> = {}) =>
  needsValues({ ...entryOf(settings, answer), ...change }, metadataOf(answer));

describe('whether an object must be read whole', () => {
  it('is no when it is as it was applied, by its metadata alone', () => {
    expect(needs(answerTo(settings))).toBe(false);
  });

  it.each<[string, Partial<AppliedEntry>]>([
    ['it has another resourceVersion', { resourceVersion: '0' }],
    ['it was created again', { uid: 'another' }],
    ['it was applied at another API version', { apiVersion: 'v2' }],
    ['a field of it was left to a controller', { left: ['spec.replicas'] }],
    [
      'it is fought about: the record has what Git says, not what is there',
      { rewrites: [{ path: ['f:data'], times: [], fight: { since: '', rewrites: 5, pauseMinutes: 5 } }] },
    ],
  ])('is yes when %s', (_, change) => {
    expect(needs(answerTo(settings), change)).toBe(true);
  });

  it('is no when it was put right, without a fight', () => {
    expect(needs(answerTo(settings), { rewrites: [{ path: ['f:data'], times: [] }] })).toBe(false);
  });

  it.each(['kubectl-label', 'helm', 'a-tool-of-the-house'])(
    'is yes for what %s had put beside ours before',
    (manager) => {
      expect(needs(answerTo(settings, [by(manager, more)]))).toBe(true);
    },
  );

  it('is no for what controllers hold, what a tool notes for itself, a status, and what Git ignores or lets others add', () => {
    const noted = { 'f:metadata': { 'f:annotations': { 'f:kubectl.kubernetes.io/last-applied-configuration': {} } } };
    expect(needs(answerTo(settings, [by('kube-controller-manager', more)]))).toBe(false);
    expect(needs(answerTo(settings, [by('kubectl-client-side-apply', noted)]))).toBe(false);
    expect(needs(answerTo(settings, [by('kubectl-edit', more, { subresource: 'status' })]))).toBe(false);
    expect(needs(answerTo(settings, [by('kubectl-edit', { 'f:status': { 'f:phase': {} } })]))).toBe(false);
    expect(needs(answerTo(settings, [by('kubectl-label', more)]), { merged: true })).toBe(false);
    expect(needs(answerTo(settings, [by('kubectl-label', more)]), { ignored: [['f:metadata', 'f:labels']] })).toBe(
      false,
    );
  });
});

describe('the law of reading less', () => {
  const fields = fc.dictionary(
    fc.constantFrom('f:a', 'f:b', 'f:c'),
    fc.constantFrom<object>({}, { 'f:x': {} }, { '.': {} }),
    { maxKeys: 3 },
  );
  const entry = fc.record({
    manager: fc.constantFrom('kubectl-edit', 'helm', 'kube-controller-manager', 'house', 'windlass', 'ancient-changes'),
    set: fc.record({ 'f:data': fields }),
    subresource: fc.constantFrom(undefined, 'status', 'scale'),
  });
  const options = fc.record({
    left: fc.constantFrom<string[] | undefined>(undefined, ['data.c']),
    merged: fc.constantFrom<true | undefined>(undefined, true),
    scaled: fc.constantFrom<true | undefined>(undefined, true),
    ignored: fc.constantFrom<string[][] | undefined>(undefined, [['f:data', 'f:c']], [[]]),
    version: fc.constantFrom('1', '2'),
  });

  it('what needs no values has nothing to be told of, whatever its values are', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.string()),
        options,
        (others, data, chosen) => {
          const { version, ...rest } = chosen;
          const managed = others.map(({ manager, set, subresource }) =>
            by(manager, set, subresource && { subresource }),
          );
          const answer = answerTo(settings, managed);
          const recorded = { ...entryOf(settings, answer), ...rest };
          const live = { ...answer, data, metadata: { ...answer.metadata, resourceVersion: version } };
          const verdict = compareObject({ entry: recorded, live, hashKey });
          const isTold = verdict.drift ?? verdict.unknown ?? verdict.leftToControllers[0] ?? verdict.addedByOthers[0];
          if (!needsValues(recorded, metadataOf(live))) expect(isTold).toBeUndefined();
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
