import { App } from 'aws-cdk-lib';
import { readProps } from '../lib/infra/check-props.ts';
import { addSecurityChecks } from '../lib/infra/security-checks.ts';
import { WindlassStack } from '../lib/infra/windlass-stack.ts';
import { formatProblem, UserError } from '../lib/model/errors.ts';

const app = new App();
try {
  new WindlassStack(app, 'Windlass', readProps(app.node.tryGetContext('windlass')));
  addSecurityChecks(app);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(
    [`${error.message} (context "windlass" in cdk.json):`, ...error.problems.map(formatProblem)].join('\n'),
  );
  process.exit(2);
}
