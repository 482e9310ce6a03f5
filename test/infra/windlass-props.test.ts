import { describe, expect, it } from 'vitest';
import { readProps } from '../../lib/infra/check-props.ts';
import { formatProblem, UserError } from '../../lib/model/errors.ts';
import { allProps, makeStack } from './synth.ts';

/** The report that a user of the stack would read. */
function complaints(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

// Wrong on purpose, in ways that plain JavaScript and cdk.json allow.
// biome-ignore lint/suspicious/noExplicitAny: see above
const stack = (props: any) => complaints(() => makeStack(props));

describe('the properties of the stack', () => {
  it.each([
    { repo: 'acme/shop-config', repositoryPrefixes: ['shop/'] },
    allProps,
    { repo: 'acme/group/config', branch: 'release/2026.11', repositoryPrefixes: ['shop/web', 'team-a/', 'a'] },
  ])('may be %j', (props) => expect(stack(props)).toEqual([]));

  it('are complained about all at once, each with a way out', () => {
    const prefixes = ['', 'shop/*', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/', 'Shop', 'shop/', 'shop/'];
    expect(stack({ repo: 'acme', branch: 'a..b', repositoryPrefixes: prefixes })).toEqual([
      'repo: "acme" is not a repository with its owner\n  = write owner and name: acme/shop-config',
      'branch: "a..b" is not a branch name\n  = write a branch\'s name: main',
      'repositoryPrefixes[0]: it is empty: every repository would match\n  = name the beginning: shop/',
      'repositoryPrefixes[1]: no ECR repository\'s name begins with "shop/*"\n  = did you mean "shop/"?',
      'repositoryPrefixes[2]: no ECR repository\'s name begins with "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/"\n  = did you mean "shop/"?',
      'repositoryPrefixes[3]: no ECR repository\'s name begins with "Shop"\n  = use lower-case letters, digits and . _ - /',
      'repositoryPrefixes[5]: "shop/" is there twice\n  = leave it out',
    ]);
  });

  it.each([undefined, [], 'shop/'])('must name repositories: %j does not', (repositoryPrefixes) =>
    expect(stack({ repo: 'acme/config', repositoryPrefixes })).toEqual([
      'repositoryPrefixes: it names no repository\n  = list how their names begin: ["shop/"]',
    ]),
  );

  it('must fit into a message group together', () =>
    expect(stack({ repo: 'acme/config', branch: 'b'.repeat(117), repositoryPrefixes: ['shop/'] })).toEqual([
      'branch: it is longer than 127 characters together with repo\n  = take a shorter branch name',
    ]));

  it('from cdk.json may not be misspelt', () =>
    expect(complaints(() => readProps({ repo: 'acme/config', brnach: 'main', colour: 'red' }))).toEqual([
      'brnach: there is no such property\n  = did you mean "branch"?',
      'colour: there is no such property\n  = leave it out',
    ]));

  it.each([undefined, null, 'acme/config', ['acme/config']])('from cdk.json are an object: %j is none', (context) =>
    expect(complaints(() => readProps(context))).toEqual([
      'windlass: it is not an object\n  = write one with repo, branch and repositoryPrefixes',
    ]),
  );
});
