import { expect, it } from 'vitest';
import { desk } from './repos.ts';

it.each(['foo', 'http://github.test', 'https//github.test'])(
  'windlass sweep names the variable of an address of GitHub that is none (%s)',
  async (url) => {
    const at = desk({});
    const env = { WINDLASS_GITHUB_API_URL: url, GITHUB_TOKEN: 'ghp_secret' };
    const { code, stderr } = await at.runWith(env, 'sweep', '--repo', 'github:acme/config');
    expect([code, stderr]).toEqual([2, expect.stringContaining(`(${url}): give WINDLASS_GITHUB_API_URL as https://`)]);
  },
);
