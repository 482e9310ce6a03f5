import { afterEach, expect, it, vi } from 'vitest';
import { makeFiles } from '../../bench/parts/marked-files.ts';
import { findMarkers } from '../../lib/edit/find-markers.ts';
import type { PolicyTarget } from '../../lib/edit/target.ts';

afterEach(() => vi.restoreAllMocks());

it('only files with a marker or a target are decoded and parsed', () => {
  const files = makeFiles(2000, 186).map(({ path, before }) => ({ path, bytes: new TextEncoder().encode(before) }));
  const marked = files.filter(({ bytes }) => Buffer.from(bytes).includes('$imagepolicy'));
  const plain = files.filter((file) => !marked.includes(file));
  const target: PolicyTarget = {
    policy: 'web',
    repository: 'acme/web',
    target: { kind: 'file', path: plain[7]!.path, at: '/kind', part: 'tag' },
  };
  // Nothing can be parsed that was not decoded.
  const decode = vi.spyOn(TextDecoder.prototype, 'decode');
  for (const file of files) findMarkers(file, file === plain[7] ? [target] : []);
  expect(decode).toHaveBeenCalledTimes(marked.length + 1);
  const decoded = new Set(decode.mock.calls.map(([bytes]) => bytes));
  expect(decoded).toEqual(new Set([...marked, plain[7]!].map(({ bytes }) => bytes)));
  expect(marked.length).toBe(186);
});
