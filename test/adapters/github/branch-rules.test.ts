import { expect, it } from 'vitest';
import { readBranchRules } from '../../../lib/adapters/github/branch-rules.ts';
import { judgeRules } from '../../../lib/cli/doctor/branch-rules.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import { failure, type World, world } from './world.ts';

const written = { repo: 'acme/config', branch: 'main', committed: ['web'] };

async function judged({ client }: World, committed = written.committed) {
  const rules = await readBranchRules({ client: client(), owner: 'acme', repo: 'config', branch: 'main' });
  return judgeRules(rules, { ...written, committed });
}

describeWithStandins('the rules of a branch on GitHub', () => {
  it('are none where nobody made any', async () => {
    const found = await judged(await world());
    expect(found.map(({ what, result }) => [what, result])).toEqual([
      ['write', 'ok'],
      ['branch rules', 'ok'],
    ]);
  });

  it('refuse a commit where a ruleset wants a pull request, and say its name', async () => {
    const one = await world();
    one.github.repository.rulesets.push({
      id: 5,
      name: 'main is reviewed',
      branch: 'main',
      rules: ['pull_request', 'non_fast_forward'],
      bypass: 'never',
    });
    const found = await judged(one);
    expect(found).toContainEqual({
      what: 'branch rules',
      result: 'wrong',
      text: 'the ruleset main is reviewed of main wants a pull request, and web is committed to it',
      mend: 'let the GitHub App bypass it (Settings > Rules > Rulesets, or Branches), or say update: pull-request in windlass.yaml',
    });
    expect(found.filter(({ what }) => what === 'branch rules')).toHaveLength(1);
  });

  it.each(['required_status_checks', 'required_deployments', 'workflows', 'merge_queue', 'update', 'code_scanning'])(
    'refuse a commit where there is %s',
    async (type) => {
      const one = await world();
      one.github.repository.rulesets.push({ id: 5, name: 'strict', branch: 'main', rules: [type], bypass: 'never' });
      expect((await judged(one)).filter(({ result }) => result === 'wrong')).toHaveLength(1);
    },
  );

  it('let past whoever may bypass them', async () => {
    const one = await world();
    one.github.repository.rulesets.push({
      id: 5,
      name: 'strict',
      branch: 'main',
      rules: ['pull_request'],
      bypass: 'always',
    });
    const found = await judged(one);
    expect(found.some(({ result }) => result === 'wrong')).toBe(false);
    expect(found.map(({ text }) => text).join()).toContain('is let past it');
  });

  it('are in force also where the ruleset itself is hidden', async () => {
    const one = await world();
    one.github.repository.rulesets.push({
      id: 5,
      name: 'of the organization',
      branch: 'main',
      rules: ['pull_request'],
      bypass: 'hidden',
    });
    expect((await judged(one)).find(({ result }) => result === 'wrong')?.text).toBe(
      'the ruleset acme/config of main wants a pull request, and web is committed to it',
    );
  });

  it('are only to be noted where every image goes by pull requests, or they look at what a commit is', async () => {
    const one = await world();
    one.github.repository.rulesets.push({
      id: 5,
      name: 'strict',
      branch: 'main',
      rules: ['pull_request', 'commit_message_pattern'],
      bypass: 'never',
    });
    const found = await judged(one, []);
    expect(found.filter(({ what }) => what === 'branch rules').map(({ result }) => result)).toEqual(['note', 'note']);
  });

  it('take the signatures of GitHub for what they are', async () => {
    const one = await world();
    one.github.repository.rulesets.push({
      id: 5,
      name: 'signed',
      branch: 'main',
      rules: ['required_signatures'],
      bypass: 'never',
    });
    expect((await judged(one)).map(({ result }) => result)).toEqual(['ok', 'ok']);
  });

  it('of a classic protection are hidden from an App, and that is said', async () => {
    const one = await world();
    one.github.repository.protections.set('main', { requirePullRequest: true });
    expect((await judged(one)).find(({ what }) => what === 'branch rules')).toMatchObject({
      result: 'unchecked',
      mend: expect.stringContaining('Administration: read'),
    });
  });

  it('of a classic protection refuse a commit, for whoever may read them', async () => {
    const one = await world();
    one.github.repository.settings.permissions['administration'] = 'read';
    one.github.repository.protections.set('main', { requirePullRequest: true, locked: true });
    const found = (await judged(one)).filter(({ result }) => result === 'wrong').map(({ text }) => text);
    expect(found).toEqual([
      'the protection of main wants a pull request, and web is committed to it',
      'the protection of main is locked: nobody may push, and web is committed to it',
    ]);
  });

  it('matter no more where the repository is archived, or nobody may push', async () => {
    const archived = await world();
    archived.github.repository.settings.archived = true;
    expect((await judged(archived))[0]).toMatchObject({
      result: 'wrong',
      text: 'acme/config is archived: nobody can write to it',
    });
    const readOnly = await world();
    readOnly.github.repository.settings.permissions['contents'] = 'read';
    expect((await judged(readOnly))[0]).toMatchObject({
      result: 'wrong',
      mend: expect.stringContaining('Contents: write'),
    });
  });

  it('are asked of a branch that is there', async () => {
    const { client } = await world();
    const asked = readBranchRules({ client: client(), owner: 'acme', repo: 'config', branch: 'gone' });
    expect((await failure(asked)).code).toBe('repo-missing');
  });
});
