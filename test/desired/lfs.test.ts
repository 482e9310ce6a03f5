import { describe, expect, it } from 'vitest';
import { openDirectoryTree } from '../../lib/adapters/local/directory-tree.ts';
import { readValues } from '../../lib/desired/chart-files.ts';
import { readObjects } from '../../lib/desired/yaml.ts';
import { formatProblem } from '../../lib/model/errors.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 12345\n`;
const problemsOf = (text: string) => readObjects(text, 'a.yaml').problems.map(formatProblem).join('\n');

describe('the pointer of a file in Git LFS', () => {
  it.each([pointer, pointer.replaceAll('\n', '\r\n'), `\uFEFF${pointer}`])('is not taken for a manifest', (text) => {
    const { objects, problems } = readObjects(text, 'a.yaml');
    expect(objects).toEqual([]);
    expect(problems.map(({ code, file }) => [code, file])).toEqual([['lfs-pointer', 'a.yaml']]);
    expect(formatProblem(problems[0]!)).toContain('kept in Git LFS');
  });

  it('is not taken for the values of a chart', async () => {
    const { problems } = await readValues(await openDirectoryTree(await tempTree({ 'values.yaml': pointer })), [
      'values.yaml',
    ]);
    expect(problems.map(({ code }) => code)).toEqual(['lfs-pointer']);
  });

  it('is found where a generator put it, in the clear or behind base64', () => {
    const at = (kind: string, field: string, value: string) =>
      problemsOf(JSON.stringify({ apiVersion: 'v1', kind, metadata: { name: 'a' }, [field]: { logo: value } }));
    const base64 = Buffer.from(pointer).toString('base64');
    expect(at('ConfigMap', 'data', pointer)).toContain('the value at /data/logo is the pointer of a file');
    expect(at('ConfigMap', 'binaryData', base64)).toContain('/binaryData/logo');
    expect(at('Secret', 'data', base64)).toContain('/data/logo');
    expect(at('Secret', 'stringData', pointer)).toContain('/stringData/logo');
    expect(at('ConfigMap', 'data', base64)).toBe('');
  });

  it('may be told of in a longer text', () => {
    const data = { guide: `A pointer looks so:\n${pointer}`, long: `${pointer}${'x'.repeat(2000)}` };
    expect(problemsOf(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data }))).toBe('');
  });
});
