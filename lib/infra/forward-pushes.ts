import { Stack } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as BusTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { placeProblems } from './check-other-props.ts';
import { prefixProblems } from './check-repo-props.ts';
import { propProblem, strangeProps, wrongProps } from './prop-problem.ts';
import { pushRules } from './push-patterns.ts';

/** Whose events are forwarded, and where to. */
export interface ForwardPushesProps {
  /** The account that Windlass is in. */
  account: string;
  /** The Region that Windlass is in. */
  region: string;
  /** As of `Windlass`: how the names of the ECR repositories begin. */
  repositoryPrefixes: string[];
}

/**
 * Sends what ECR and its scanners say in this account and Region to the default bus of Windlass's: ECR tells its events to nobody else. There, the
 * prop `registries` of `Windlass` admits this account. An event that is lost on the way is found by the sweep.
 *
 * @example
 * import { App, Stack } from 'aws-cdk-lib';
 * import { ForwardPushes } from 'windlass/cdk';
 *
 * const stack = new Stack(new App(), 'ForwardPushes', { env: { account: '210987654321', region: 'us-east-1' } });
 * new ForwardPushes(stack, 'Pushes', { account: '123456789012', region: 'eu-west-1', repositoryPrefixes: ['shop/'] });
 */
export class ForwardPushes extends Construct {
  /** Throws `UserError` that names each wrong prop. */
  constructor(scope: Construct, id: string, props: ForwardPushesProps) {
    super(scope, id);
    const here = Stack.of(this);
    checkForwarding(props, here);
    const busArn = `arn:${here.partition}:events:${props.region}:${props.account}:event-bus/default`;
    const role = new Role(this, 'Role', {
      description: 'Forwards events of ECR to Windlass',
      assumedBy: new ServicePrincipal('events.amazonaws.com').withConditions({
        StringEquals: { 'aws:SourceAccount': here.account },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [busArn] }));
    const target = new BusTarget(EventBus.fromEventBusArn(this, 'Bus', busArn), { role });
    // Its own events alone: one that was forwarded to here never goes round.
    const from = { accounts: [here.account], regions: [here.region] };
    const rules = pushRules({ repositoryPrefixes: props.repositoryPrefixes, places: [here], from });
    for (const [rule, { description, pattern }] of Object.entries(rules))
      new Rule(this, rule, { description, eventPattern: pattern, targets: [target] });
  }
}

function checkForwarding(props: ForwardPushesProps, here: Stack): void {
  const strange = strangeProps('ForwardPushes', props, ['account', 'region', 'repositoryPrefixes']);
  const { account, region } = props;
  const problems = [...strange, ...prefixProblems(props.repositoryPrefixes), ...placeProblems(props, '')];
  if (account === here.account && region === here.region)
    problems.push(
      propProblem('region', 'the events are there already', 'leave ForwardPushes out: Windlass has rules there'),
    );
  if (problems.length > 0) throw wrongProps('ForwardPushes', problems);
}
