import { describe, expect, it } from 'vitest';
import { readObjects } from '../../lib/desired/yaml.ts';
import { formatProblem } from '../../lib/model/errors.ts';

const problemsOf = (text: string) => readObjects(text, 'a.yaml').problems.map(formatProblem).join('\n');
const secret = (rest: string) => `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n${rest}`;
const value = 'ENC[AES256_GCM,data:c2VjcmV0,iv:x,tag:y,type:str]';

describe('what SOPS encrypted', () => {
  it('is never taken for an object, whatever it is', () => {
    for (const sops of [`{ mac: "${value}" }`, '{ lastmodified: "2026-01-01T00:00:00Z" }', '{ version: 3.9.0 }'])
      expect(problemsOf(`${secret(`data: { p: x }\n`)}sops: ${sops}\n`)).toContain(
        'this document is encrypted with SOPS',
      );
  });

  it('is found in the values of a Secret, where the rest of SOPS is gone, and is not shown', () => {
    const found = problemsOf(secret(`stringData:\n  p: "${value}"\n`));
    expect(found).toMatchInlineSnapshot(`
      "a.yaml:4:1: Secret/s: the value at /stringData/p is encrypted with SOPS; it would be applied as it is
        = Windlass does not decrypt"
    `);
  });

  it('is found behind the base64 of a generated Secret', () => {
    const file = Buffer.from(`password: ${value}\nsops:\n  mac: x\n`).toString('base64');
    expect(problemsOf(secret(`data: { values.yaml: ${file} }\n`))).toContain(
      'the value at /data/values.yaml is encrypted',
    );
    expect(problemsOf(secret(`data: { p: ${Buffer.from('plain').toString('base64')} }\n`))).toBe('');
  });

  it('may be told of in a ConfigMap', () => {
    expect(problemsOf(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { doc: "${value}" }\n`)).toBe('');
  });
});
