import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { withoutStackProps } from './stack-props.ts';
import { Windlass } from './windlass.ts';
import type { WindlassProps } from './windlass-props.ts';

/**
 * A whole Windlass as a stack of its own, whose outputs the commands of the CLI and WindlassClusterAccess begin with.
 *
 * @example
 * import { App } from 'aws-cdk-lib';
 * import { WindlassStack } from 'windlass/cdk';
 *
 * new WindlassStack(new App(), 'Windlass', { repo: 'acme/shop-config', repositoryPrefixes: ['shop/'] });
 */
export class WindlassStack extends Stack {
  readonly windlass: Windlass;

  /** Throws `UserError` that names each wrong prop, or a function that is not bundled. */
  constructor(scope: Construct, id: string, props: WindlassProps & StackProps) {
    super(scope, id, { description: 'Windlass: GitOps with nothing to run all day', ...props });
    this.windlass = new Windlass(this, 'Windlass', withoutStackProps<WindlassProps>(props));
    this.windlass.addOutputs();
  }
}
