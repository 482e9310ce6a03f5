import packageJson from '../../../package.json' with { type: 'json' };

/** Where GitHub looks for it. */
export const workflowPath = '.github/workflows/windlass.yaml';

/** A workflow of the config repo: each pull request is checked as a pull would read it. */
export function workflowText(): string {
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
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0
        with:
          node-version: 24
          package-manager-cache: false
      # Started elsewhere, so that an .npmrc of the pull request says nothing about where npm gets the package.
      - run: npm exec --yes --package=windlass@${packageJson.version} -- windlass validate --github --repo "$GITHUB_WORKSPACE"
        working-directory: \${{ runner.temp }}
`;
}
