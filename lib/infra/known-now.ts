import { Token } from 'aws-cdk-lib';

/** A value of the CDK, where it is known at synth; what is only known when it is deployed is a token. */
export function knownNow(value: string): string | undefined {
  return Token.isUnresolved(value) ? undefined : value;
}
