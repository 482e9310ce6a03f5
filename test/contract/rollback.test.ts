import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub } from '../standins/github.ts';
import { makeAt } from './config-repo-git.ts';
import { adapterAt, personAt } from './config-repo-github.ts';
import type { Make } from './config-repo-under-test.ts';
import { rollbackSuite } from './rollback-suite.ts';

rollbackSuite(
  'plain Git',
  makeAt((repo) => ({ url: repo.bare, directory: repo.bare })),
);

const onGitHub: Make = async (files, options = {}) => {
  const github = await createGitHub({ files, access: { tokens: ['secret'] } });
  const { owner, repo, fetch } = github;
  return { ...adapterAt({ owner, repo, fetch, auth: { token: 'secret' }, ...options }), ...personAt(github) };
};

describeWithStandins('GitHub by our stand-in', () => rollbackSuite('GitHub', onGitHub));
