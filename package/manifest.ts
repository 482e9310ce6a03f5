/** What is read of the checkout's package.json. */
export interface CheckoutManifest {
  name: string;
  version: string;
  description: string;
  license: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** Packages that are not bundled: dynalite loads its parts by name, and classic-level is compiled for each machine. */
export const unbundled = ['classic-level', 'dynalite'];
/** Packages that a CDK app brings, so that it and Windlass build on the same ones. */
const peers = ['@aws-cdk/lambda-layer-kubectl-v35', 'aws-cdk-lib', 'constructs'];

/**
 * The package.json of the package. All else that Windlass needs is in its bundles; the CLI alone needs no peer. `repository`: `acme/windlass` on
 * GitHub, which npm compares with what published it. Throws where a package is not among those of the checkout.
 */
export function packageManifest(from: CheckoutManifest, repository?: string): Record<string, unknown> {
  const { name, version, description, license } = from;
  const versionOf = (dependency: string) => {
    const found = from.dependencies[dependency] ?? from.devDependencies[dependency];
    if (found === undefined) throw new Error(`package.json has no ${dependency}`);
    return found;
  };
  return {
    ...{ name, version, description, license, type: 'module' },
    ...(repository && { repository: { type: 'git', url: `git+https://github.com/${repository}.git` } }),
    engines: { node: '>=22' },
    bin: { windlass: 'bin/windlass.js' },
    exports: {
      './cdk': { types: './lib/infra/index.d.ts', default: './lib/infra/index.js' },
      './schema': './schema/windlass.schema.json',
      './package.json': './package.json',
    },
    dependencies: Object.fromEntries(unbundled.map((dependency) => [dependency, versionOf(dependency)])),
    peerDependencies: Object.fromEntries(peers.map((peer) => [peer, `^${versionOf(peer)}`])),
    peerDependenciesMeta: Object.fromEntries(peers.map((peer) => [peer, { optional: true }])),
  };
}
