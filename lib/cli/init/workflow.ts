import { UserError } from '../../model/errors.ts';

/** Where GitHub looks for it. */
export const workflowPath = '.github/workflows/windlass.yaml';

/** Where a workflow is not written, since nobody but the person knows where they have Windlass from. */
export const noWorkflow = {
  about: 'pull requests',
  message:
    'nothing checks them yet: --workflow OWNER/windlass@COMMIT writes a workflow that runs windlass validate from the repository that you have Windlass from (docs/validate-action.md)',
};

/**
 * A workflow of the config repo: each pull request is checked as a pull would read it. `action` is the repository that Windlass is from, at a
 * commit by all its digits, as branches, tags and short ids can come to mean another. Throws `UserError` where it is none.
 */
export function workflowText(action: string): string {
  const [, at] = /^[\w.-]+\/[\w.-]+@(.+)$/s.exec(action) ?? [];
  if (at === undefined || !/^[0-9a-f]{40}$/.test(at)) {
    const wrong = at === undefined ? `not "${action}"` : `and "${at}" is no commit's 40 hex digits`;
    const message = `--workflow takes OWNER/NAME@COMMIT, the repository that you have Windlass from, ${wrong}`;
    throw new UserError(
      `${message}\n  = git rev-parse HEAD prints them, in a clone at the commit that you have looked at`,
      {
        code: 'usage',
      },
    );
  }
  return `# Checks windlass.yaml and every manifest that it refers to, before it is merged.
name: windlass
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  validate:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      # It runs windlass validate, from this repository and at this commit alone.
      - uses: ${action}
`;
}
