import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { bundleFunction, functionFiles } from '../functions/bundle.ts';
import { readProps, readStackName } from '../lib/infra/check-props.ts';
import { readClusterAccess } from '../lib/infra/cluster-access-props.ts';
import { WindlassClusterAccessStack } from '../lib/infra/cluster-access-stack.ts';
import { functionsContext } from '../lib/infra/function-code.ts';
import { addSecurityChecks } from '../lib/infra/security-checks.ts';
import { WindlassStack } from '../lib/infra/windlass-stack.ts';
import { formatProblem, UserError } from '../lib/model/errors.ts';

const app = new App();
try {
  if (app.node.tryGetContext(functionsContext) === undefined) await bundle();
  // Set by the CDK's command to where the credentials lead; without any the template fits every account and Region.
  const env = { account: process.env['CDK_DEFAULT_ACCOUNT'], region: process.env['CDK_DEFAULT_REGION'] };
  const name = readStackName(app.node.tryGetContext('windlassStack'));
  new WindlassStack(app, name, { env, ...readProps(app.node.tryGetContext('windlass')) });
  for (const props of readClusterAccess(app.node.tryGetContext('windlassClusters'))) {
    // A stack's name has no underscore.
    const name = String(props.cluster).split('/').at(-1)?.replaceAll('_', '-');
    new WindlassClusterAccessStack(app, `WindlassClusterAccess-${name}`, props);
  }
  addSecurityChecks(app);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error([`${error.message} (context of cdk.json)`, ...error.problems.map(formatProblem)].join('\n'));
  process.exit(2);
}

async function bundle(): Promise<void> {
  const folder = fileURLToPath(new URL('../functions.out', import.meta.url));
  for (const name of functionFiles) await bundleFunction(name, join(folder, name));
}
