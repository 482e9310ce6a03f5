// What an app of the CDK imports as 'windlass/cdk'.

export { WindlassClusterAccess } from './cluster-access.ts';
export type { WindlassClusterAccessProps } from './cluster-access-props.ts';
export { WindlassClusterAccessStack } from './cluster-access-stack.ts';
export { ForwardPushes, type ForwardPushesProps } from './forward-pushes.ts';
export { Windlass } from './windlass.ts';
export type { ClusterGrant, ClusterVpc, WindlassProps } from './windlass-props.ts';
export { WindlassStack } from './windlass-stack.ts';
