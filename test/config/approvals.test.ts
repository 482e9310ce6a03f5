import { describe, expect, it } from 'vitest';
import { approvalFile, parseApproval, readApprovals } from '../../lib/config/approvals.ts';

const revision = 'a'.repeat(40);
const path = 'approvals/shop-prod.1.yaml';
const text = (lines: string) => `sync: shop-prod\nwho: ada@acme.example\nwhy: the old shop goes\n${lines}`;

describe('an approval', () => {
  it('names a commit and the objects, or the commit of a rewritten history', () => {
    const objects = 'prune:\n  - ConfigMap/shop/a\n  - rbac.authorization.k8s.io/ClusterRole/system:node\n';
    expect(parseApproval(text(`revision: ${revision}\n${objects}`), path)).toEqual({
      approval: {
        ...{ id: '1', sync: 'shop-prod', by: 'ada@acme.example', why: 'the old shop goes', revision },
        prune: ['ConfigMap/shop/a', 'rbac.authorization.k8s.io/ClusterRole/system:node'],
      },
      problems: [],
    });
    expect(parseApproval(text(`rewrittenHistory: ${revision}\n`), path).approval).toMatchObject({
      rewrittenHistory: revision,
    });
    expect(parseApproval(text(`until: 2027-01-31\n${objects}`), path).problems).toEqual([]);
  });

  it.each([
    ['nothing to approve', '', 'needs prune or rewrittenHistory', undefined],
    ['everything', 'prune: all\nuntil: 2027-01-31\n', 'prune must be a list', 4],
    ['an empty list', 'prune: []\nuntil: 2027-01-31\n', 'prune', 4],
    ['no end', 'prune: [ConfigMap/shop/a]\n', 'needs revision or until', undefined],
    ['half a commit', 'prune: [ConfigMap/shop/a]\nrevision: abc1234\n', 'full id of a commit', 5],
    ['no object', 'prune: [settings]\nuntil: 2027-01-31\n', 'must be an object like', 4],
    ['no date', 'prune: [ConfigMap/shop/a]\nuntil: soon\n', 'must be a date', 5],
    ['an unknown key', 'prunes: [ConfigMap/shop/a]\nuntil: 2027-01-31\n', 'prunes', 4],
  ])('with %s is a problem, in its place', (_what, lines, message, line) => {
    const { approval, problems } = parseApproval(text(lines), path);
    expect(approval).toBeUndefined();
    expect(problems.some((one) => one.message.includes(message) && one.file === path)).toBe(true);
    if (line !== undefined) expect(problems[0]?.line).toBe(line);
  });

  it('must be named for its sync', () => {
    const [problem] = parseApproval(text(`rewrittenHistory: ${revision}\n`), 'approvals/shop.1.yaml').problems;
    expect(problem?.message).toBe('the file is named for shop and is about shop-prod');
  });

  it('that cannot be read is told for its sync and approves nothing', () => {
    const file = (name: string, content: string) => ({ path: name, bytes: new TextEncoder().encode(content) });
    const { approvals, unreadable } = readApprovals([file(path, 'prune: ['), file('approvals/README.md', '# no')]);
    expect(approvals).toEqual([]);
    expect(unreadable.map(({ name }) => name)).toEqual(['shop-prod']);
  });
});

describe('the file that would approve what waits', () => {
  const filled = (content: string) => content.replace('who:', 'who: ada').replace('why:', 'why: it is old');

  it('is an approval once somebody has filled in who and why, and none before', () => {
    const prune = ['ConfigMap/shop/a', 'rbac.authorization.k8s.io/ClusterRole/system:node'];
    const file = approvalFile({ sync: 'shop-prod', revision, prune });
    expect(file.path).toBe('approvals/shop-prod.aaaaaaaaaaaa.yaml');
    expect(parseApproval(file.content, file.path).problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('who'),
      expect.stringContaining('why'),
    ]);
    expect(parseApproval(filled(file.content), file.path).approval).toMatchObject({ prune, revision, by: 'ada' });
  });

  it('names the commit of a rewritten history', () => {
    const file = approvalFile({ sync: 'shop-prod', revision });
    expect(parseApproval(filled(file.content), file.path).approval).toMatchObject({ rewrittenHistory: revision });
  });

  it('quotes a commit of digits alone', () => {
    const digits = '1234567890'.repeat(4);
    const file = approvalFile({ sync: 'shop-prod', revision: digits, prune: ['ConfigMap/shop/a'] });
    expect(parseApproval(filled(file.content), file.path).approval?.revision).toBe(digits);
  });

  it('asks for a date where there is no commit', () => {
    const file = approvalFile({ sync: 'shop-prod', revision: 'files', prune: ['ConfigMap/shop/a'] });
    expect(file.content).toContain('until:');
    const dated = filled(file.content).replace('until:', 'until: 2027-01-31');
    expect(parseApproval(dated, file.path).problems).toEqual([]);
  });
});
