import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { bundleFunction, functionFiles } from '../functions/bundle.ts';
import { accessStackName } from '../lib/config/stack-outputs.ts';
import { readProps, readStackName } from '../lib/infra/check-props.ts';
import { accessBeside } from '../lib/infra/cluster-access-beside.ts';
import { readClusterAccess } from '../lib/infra/cluster-access-props.ts';
import { WindlassClusterAccessStack } from '../lib/infra/cluster-access-stack.ts';
import { functionsContext } from '../lib/infra/function-code.ts';
import { addSecurityChecks } from '../lib/infra/security-checks.ts';
import { WindlassStack } from '../lib/infra/windlass-stack.ts';
import { UserError } from '../lib/model/errors.ts';

const app = new App();
try {
  if (app.node.tryGetContext(functionsContext) === undefined) await bundle();
  // Set by the CDK's command to where the credentials lead; without any the template fits every account and Region.
  const env = { account: process.env['CDK_DEFAULT_ACCOUNT'], region: process.env['CDK_DEFAULT_REGION'] };
  const name = readStackName(app.node.tryGetContext('windlassStack'));
  const windlass = readProps(app.node.tryGetContext('windlass'));
  const stack = new WindlassStack(app, name, { env, ...windlass });
  for (const [index, written] of readClusterAccess(app.node.tryGetContext('windlassClusters')).entries()) {
    const { props, refers } = accessBeside(stack, windlass, { written, at: `windlassClusters[${index}]` });
    // What is no ARN is told of by the stack itself.
    const name = accessStackName(String(props.cluster).split('/').at(-1) ?? '');
    const access = new WindlassClusterAccessStack(app, name, props);
    if (refers) access.addStackDependency(stack);
  }
  addSecurityChecks(app);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  // All that is wrong is in the message.
  const [first, ...problems] = error.message.split('\n');
  console.error([`${first} (context of cdk.json)`, ...problems].join('\n'));
  process.exit(2);
}

async function bundle(): Promise<void> {
  const folder = fileURLToPath(new URL('../functions.out', import.meta.url));
  for (const name of functionFiles) await bundleFunction(name, join(folder, name));
}
