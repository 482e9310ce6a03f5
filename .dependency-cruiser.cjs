/**
 * The borders of Windlass, as errors. CONTRIBUTING.md says why they are where they are; test/borders.test.ts proves that each is watched.
 * Paths are those of the repository; `$1` is the folder that `from` matched.
 */

/** What is known, without I/O and without a clock. `desired` is a flow's first half that others share: it may use these, they may not use it. */
const PURE = 'model|kube|policy|edit|config|install';
const KNOWLEDGE = `${PURE}|desired`;
const FLOWS = 'bump|pull|drift|report|rollback|audit|notify|stacks|review|promote';
const DOMAIN = `^lib/(?:${FLOWS}|${KNOWLEDGE})/`;
const OWN_CODE = '^(?:aws|bin|functions|images|lib|package|schema|test|bench)/';

/** Packages that only compute: the only ones that flows and knowledge may import. */
const PURE_PACKAGES = '^node_modules/(?:@types/)?(?:yaml|js-yaml|re2js|zod|@marcbachmann/cel-js)/';
/** Node's own modules that only compute. */
const PURE_CORE = '^(?:crypto|buffer|util|assert|path|path/posix|url|string_decoder)$';
/** Node's own modules that reach out of the process. */
const OUTSIDE_CORE =
  '^(?:fs|fs/promises|child_process|cluster|dgram|dns|dns/promises|http|http2|https|inspector|net|os|process|repl|sqlite|tls|worker_threads)$';

/** Which adapter may import a vendor's packages. */
const VENDORS = [
  { name: 'aws', packages: '@aws-sdk|@smithy|@aws-crypto', home: 'aws' },
  { name: 'kubernetes', packages: '@kubernetes', home: 'kubernetes' },
  { name: 'github', packages: '@octokit', home: 'github' },
  { name: 'slack', packages: '@slack', home: 'slack' },
  { name: 'local', packages: 'dynalite|@pixelbitsltd', home: 'local' },
];

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one file, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports is dead, unless a person, AWS or a test runner starts it.',
      severity: 'error',
      from: { orphan: true, pathNot: '^(?:aws|bin|functions|package|test|bench)/|[.]d[.]ts$|[.]config[.]ts$' },
      to: {},
    },
    {
      name: 'unresolvable',
      comment: 'An import must lead somewhere; what cannot be resolved cannot be checked either.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'flow-imports-its-own',
      comment:
        'A flow imports its own files and the knowledge folders. Flows meet through messages (lib/model/messages.ts), never by import.',
      severity: 'error',
      from: { path: `^lib/(${FLOWS})/` },
      to: { path: OWN_CODE, pathNot: `^lib/(?:$1|${KNOWLEDGE})/` },
    },
    {
      name: 'knowledge-imports-knowledge',
      comment: 'A knowledge folder is used by every flow and knows none, nor an adapter, nor the CLI.',
      severity: 'error',
      from: { path: `^lib/(?:${PURE})/` },
      to: { path: OWN_CODE, pathNot: `^lib/(?:${PURE})/` },
    },
    {
      name: 'desired-imports-knowledge',
      comment: 'desired is shared by pull, drift, diff and plan: it knows none of them.',
      severity: 'error',
      from: { path: '^lib/desired/' },
      to: { path: OWN_CODE, pathNot: `^lib/(?:${KNOWLEDGE})/` },
    },
    {
      name: 'model-imports-model',
      comment: 'The nouns are the bottom: everything may import them.',
      severity: 'error',
      from: { path: '^lib/model/' },
      to: { path: OWN_CODE, pathNot: '^lib/model/' },
    },
    {
      name: 'domain-packages',
      comment: 'Flows and knowledge import only packages that compute. A vendor comes in by a port.',
      severity: 'error',
      from: { path: DOMAIN },
      to: { path: 'node_modules/', pathNot: PURE_PACKAGES },
    },
    {
      name: 'domain-node-modules',
      comment: 'Flows and knowledge import only parts of Node that compute: no files, processes or network.',
      severity: 'error',
      from: { path: DOMAIN },
      to: { dependencyTypes: ['core'], pathNot: PURE_CORE },
    },
    {
      name: 'only-adapters-reach-out',
      comment: 'Files, processes and the network are reached through an adapter alone.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/adapters/' },
      to: { dependencyTypes: ['core'], path: OUTSIDE_CORE },
    },
    ...VENDORS.map(({ name, packages, home }) => ({
      name: `vendor-${name}`,
      comment: `Only lib/adapters/${home} imports this vendor; tests may, to look from outside.`,
      severity: 'error',
      from: { pathNot: `^lib/adapters/${home}/|^(?:aws/verify|test|bench)/|^node_modules/` },
      to: { path: `(?:^|/)node_modules/(?:@types/)?(?:${packages})/` },
    })),
    {
      name: 'lambda-stays-in-functions',
      comment:
        'What a handler is wrapped in belongs to the entry files; a flow, an adapter or a command runs without it.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '(?:^|/)node_modules/(?:@middy|@aws-lambda-powertools)/' },
    },
    {
      name: 'adapters-are-wired-in',
      comment: 'Only bin/, functions/ and the wiring files of the CLI and the puller put adapters into flows.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/adapters/|^lib/(?:cli/(?:local/)?|puller/)wiring[a-z-]*[.]ts$' },
      to: { path: '^lib/adapters/' },
    },
    {
      name: 'adapters-keep-apart',
      comment:
        'An adapter knows its own vendor. Local mode alone stands on others, so that it exercises the real ones.',
      severity: 'error',
      from: { path: '^lib/adapters/([^/]+)/', pathNot: '^lib/adapters/local/' },
      to: { path: '^lib/adapters/', pathNot: '^lib/adapters/$1/' },
    },
    {
      name: 'adapters-know-ports',
      comment: 'An adapter sees the knowledge folders and the ports of flows, not what a flow does.',
      severity: 'error',
      from: { path: '^lib/adapters/' },
      to: { path: OWN_CODE, pathNot: `^lib/adapters/|^lib/(?:${KNOWLEDGE})/|^lib/(?:${FLOWS}|dashboard)/ports[.]ts$` },
    },
    {
      name: 'dashboard-imports-its-own',
      comment: 'The dashboard is a Request -> Response over its ports and the nouns.',
      severity: 'error',
      from: { path: '^lib/dashboard/' },
      to: { path: OWN_CODE, pathNot: '^lib/(?:dashboard|model)/' },
    },
    {
      name: 'infra-imports-config-and-cdk',
      comment: 'What is deployed is described from the configuration and the nouns alone.',
      severity: 'error',
      from: { path: '^lib/infra/' },
      to: {
        path: `${OWN_CODE}|node_modules/`,
        pathNot:
          '^lib/(?:infra|config|model)/|node_modules/(?:aws-cdk-lib|cdk-nag|constructs|@aws-cdk/lambda-layer-kubectl-v35)/',
      },
    },
    {
      name: 'cdk-stays-in-infra',
      comment: 'Nothing that runs carries the CDK.',
      severity: 'error',
      from: { pathNot: '^lib/infra/|^bin/cdk[.]ts$|^aws/verify/app[.]ts$|^test/|^node_modules/' },
      to: { path: 'node_modules/(?:aws-cdk-lib|cdk-nag|constructs)/|^lib/infra/' },
    },
    {
      name: 'nobody-imports-entries',
      comment:
        'bin/ and functions/ are started, not imported; local mode alone starts the handlers itself, where the CLI is wired.',
      severity: 'error',
      from: { path: '^(?:lib|functions|bin)/', pathNot: '^lib/cli/(?:local/)?wiring[a-z-]*[.]ts$|^functions/|^bin/' },
      to: { path: '^(?:bin|functions)/' },
    },
    {
      name: 'nothing-ships-tests',
      comment: 'What is shipped does not need what tests it.',
      severity: 'error',
      from: { path: '^(?:bin|functions|lib)/' },
      to: { path: '^(?:test|bench)/' },
    },
    {
      name: 'shipped-packages-are-dependencies',
      comment: 'What runs outside of a checkout is listed under dependencies.',
      severity: 'error',
      from: {
        path: '^(?:bin|functions|lib)/',
        pathNot: '^lib/infra/|^bin/cdk[.]ts$|^functions/(?:bundle[.]ts$|bundling/)|[.]d[.]ts$',
      },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    // TypeScript 7 has no JavaScript API. Without swc nothing would be seen, and everything would pass.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?:test/fixtures|lib/dashboard/assets|images/[^/]+/bundle)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
