import type { StackProps } from 'aws-cdk-lib';

/** The props that every stack has, by their names; a compile error names one that is missing here. */
const stackPropNames = Object.keys({
  ...{ analyticsReporting: 0, crossRegionReferences: 0, description: 0, env: 0, notificationArns: 0 },
  ...{ permissionsBoundary: 0, propertyInjectors: 0, stackName: 0, suppressTemplateIndentation: 0 },
  ...{ synthesizer: 0, tags: 0, terminationProtection: 0 },
} satisfies Record<keyof StackProps, 0>);

/** Of the props of a stack those for the construct in it: what no stack has. What is no object stays what it is. */
export function withoutStackProps<Props>(props: Props & StackProps): Props {
  if (typeof props !== 'object' || props === null) return props;
  return Object.fromEntries(Object.entries(props).filter(([key]) => !stackPropNames.includes(key))) as Props;
}
