import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gitIn } from '../adapters/git/repos.ts';
import { makeAt } from './config-repo-git.ts';
import { configRepoSuite } from './config-repo-suite.ts';

const can = { pulls: false, setsTime: true };

configRepoSuite(
  'a bare repository',
  makeAt((repo) => ({ url: repo.bare, directory: repo.bare })),
  can,
);

configRepoSuite(
  'a file URL',
  makeAt((repo) => ({ url: pathToFileURL(repo.bare).href, directory: repo.bare })),
  can,
);

configRepoSuite(
  'a person’s own clean checkout',
  makeAt((repo) => {
    const directory = join(repo.root, 'checkout');
    gitIn(repo.root, 'clone', '--quiet', repo.bare, directory);
    return { url: directory, directory, checkedOut: 'update-when-clean' };
  }),
  can,
);
