import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { bundleFunction, functionFiles } from '../functions/bundle.ts';
import { readProps, readStackName } from '../lib/infra/check-props.ts';
import { unfilledRepo } from '../lib/infra/check-repo-props.ts';
import { accessBeside } from '../lib/infra/cluster-access-beside.ts';
import { accessStackNames } from '../lib/infra/cluster-access-names.ts';
import { inEntry, readClusterAccess } from '../lib/infra/cluster-access-props.ts';
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
  const windlass = readProps(exampleOr(app.node.tryGetContext('windlass')));
  const stack = new WindlassStack(app, name, { env, ...windlass });
  const accesses = readClusterAccess(app.node.tryGetContext('windlassClusters'));
  const names = accessStackNames(accesses.map((one) => (typeof one === 'string' ? one : one.cluster)));
  for (const [index, written] of accesses.entries()) {
    const at = `windlassClusters[${index}]`;
    const { props, refers } = accessBeside(stack, windlass, { written, at });
    const access = inEntry(at, () => new WindlassClusterAccessStack(app, names[index]!, props));
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

/** Of a cdk.json that nobody filled in `npm run synth` makes the stack of an example, and says so; the CDK's own commands, which deploy, are refused. */
function exampleOr(written: unknown): unknown {
  const isUnfilled = (written as { repo?: unknown } | undefined)?.repo === unfilledRepo;
  const example = process.env['WINDLASS_EXAMPLE'];
  if (!isUnfilled || !example) return written;
  console.error(`cdk.json is not filled in: this is the stack of an example, ${example}`);
  return { repo: example, repositoryPrefixes: ['shop/'] };
}

async function bundle(): Promise<void> {
  const folder = fileURLToPath(new URL('../functions.out', import.meta.url));
  for (const name of functionFiles) await bundleFunction(name, join(folder, name));
}
