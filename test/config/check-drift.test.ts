import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/config/windlass-file.ts';

const head = 'windlass: 1\nclusters: { main: {} }\n';
const now = new Date('2027-03-01T00:00:00Z');

/** `line:column code message` of each problem or warning. */
function told(drift: string, at: Date | undefined = now) {
  const { problems, warnings } = readConfig(`${head}drift:\n${drift}`, { now: at });
  const lines = (found: typeof problems) =>
    found.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`);
  return { problems: lines(problems), warnings: lines(warnings) };
}

describe('rules about drift', () => {
  it('takes both spellings of a path, and a manager alone', () => {
    const rules = [
      '{ object: apps/Deployment/*/web, path: /spec/template/metadata/annotations/example.com~1rev, why: w }',
      '{ object: apps/Deployment/*/web, path: "spec.template.spec.containers[name=istio-*].image", why: w }',
      '{ object: "*/*/shop/*", manager: "mesh-*", why: w, until: 2027-03-01 }',
    ];
    const { config, problems, warnings } = readConfig(
      `${head}drift: { ignore: [${rules}], managers: { silent: [a] }, unmanaged: { namespaces: ["shop-*"] } }`,
      { now },
    );
    expect([problems, warnings]).toEqual([[], []]);
    expect(config?.drift).toMatchObject({
      ignore: [{}, {}, { object: '*/*/shop/*', manager: 'mesh-*', why: 'w', until: '2027-03-01' }],
      managers: { alert: [], silent: ['a'] },
      unmanaged: { namespaces: ['shop-*'], ignore: [] },
    });
    const without = readConfig(head).config?.drift;
    expect(without).toMatchObject({ ignore: [] });
    expect(without).not.toHaveProperty('managers');
    expect(without).not.toHaveProperty('unmanaged');
  });

  it('refuses a rule that would hide everything, and what is no path, manager, namespace or object', () => {
    expect(told('  ignore: [{ object: ConfigMap/shop/a, why: w }]').problems).toEqual([
      '4:12 bad-rule drift.ignore[0] says neither which field nor whose change is no drift',
    ]);
    for (const path of ['""', 'spec..a', 'a b', 'spec.', '/a~2', '"spec[name=web"', '.spec'])
      expect(told(`  ignore: [{ object: ConfigMap/shop/a, path: ${path}, why: w }]`).problems).toHaveLength(1);
    expect(told('  managers: { alert: [a b] }').problems).toHaveLength(1);
    expect(told('  unmanaged: { namespaces: [] }').problems).toHaveLength(1);
    expect(told('  unmanaged: { namespaces: [Shop] }').problems).toHaveLength(1);
    expect(told('  unmanaged: { ignore: [ConfigMap/*/a] }').problems).toEqual([
      '4:14 missing-key drift.unmanaged.namespaces is missing',
    ]);
    expect(told('  unmanaged: { namespaces: [a], ignore: [a] }').problems).toHaveLength(1);
  });

  it('tells of a rule that would hide everything beside what else is wrong with it and with others', () => {
    const rules = '[{ object: shop, why: w }, { object: ConfigMap/shop/a, pth: data.a }, { object: a, path: a..b }]';
    const { problems } = told(`  ignore: ${rules}\n  grace: 5\n  limits: { behind: 10 }`);
    const object = 'must be an object like apps/Deployment/shop/web, where * stands for any text without a slash';
    expect(problems).toEqual([
      '4:12 bad-rule drift.ignore[0] says neither which field nor whose change is no drift',
      `4:22 bad-value drift.ignore[0].object ${object}`,
      '4:66 unknown-key unknown key "pth" in drift.ignore[1]',
      `4:91 bad-value drift.ignore[2].object ${object}`,
      expect.stringMatching(/^4:100 bad-value drift\.ignore\[2\]\.path must be a path like /),
      '5:10 wrong-type drift.grace must be a duration like 90s, 10m or 1h30m, not 5',
      '6:21 wrong-type drift.limits.behind must be a duration like 90s, 10m or 1h30m, not 10',
    ]);
  });

  it('warns of a rule without a reason, of one that is there twice, and of a star that is none', () => {
    const { problems, warnings } = told(
      [
        '  ignore:',
        '    - { object: ConfigMap/shop/a, path: data.a }',
        '    - { object: ConfigMap/shop/a, path: data.a, why: another reason }',
        '    - { object: ConfigMap/shop/a, path: /data/*, why: w }',
      ].join('\n'),
    );
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      '5:7 no-reason drift.ignore[0] does not say why: nobody will dare to remove it',
      '6:7 duplicate-rule drift.ignore[1] says the same as drift.ignore[0]',
      '7:41 bad-rule drift.ignore[2].path is a JSON Pointer, where * stands for itself',
    ]);
  });

  it('warns of a rule that is void, from the end of its last day on', () => {
    const rule = '  ignore: [{ object: ConfigMap/shop/a, path: data.a, why: w, until: 2027-02-28 }]';
    expect(told(rule).warnings).toEqual([
      '4:69 rule-void drift.ignore[0] is void since 2027-02-28: these differences are reported',
    ]);
    expect(told(rule, new Date('2027-02-28T23:59:59Z')).warnings).toEqual([]);
    const { warnings } = readConfig(`${head}drift:\n${rule}`);
    expect(warnings).toEqual([]);
  });

  it('warns where people are made silent', () => {
    expect(told('  managers: { alert: [tool], silent: [tool, "kube*", my-operator] }').warnings).toEqual([
      '4:39 needless-key tool is in alert, too, and that counts',
      '4:45 silent-people drift.managers.silent[1] makes changes by hand silent: it fits kubectl-edit',
    ]);
  });
});
