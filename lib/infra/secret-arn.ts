import { Token } from 'aws-cdk-lib';

/** Secrets Manager puts a dash and six characters of its own behind the name. */
const suffix = /-[A-Za-z0-9]{6}$/;

/** The ARN of a secret as a policy must name it: `?` stands for each character of the suffix, where the ARN does not have it. What is known at the deployment alone is taken for whole. */
export function grantableSecretArn(arn: string): string {
  const name = nameIn(arn);
  return name === undefined || Token.isUnresolved(name) || suffix.test(name) ? arn : `${arn}-??????`;
}

/** Whether two secrets, each given by name or ARN, may be the same one. `account`: of those that are given by name; unless it is known, they may be of any. */
export function maybeSameSecret(one: string, other: string, account: string | undefined): boolean {
  const [a, b] = [partsOf(one, account), partsOf(other, account)];
  const ofOtherAccounts = a.account !== undefined && b.account !== undefined && a.account !== b.account;
  return !ofOtherAccounts && (a.name === b.name || a.bare === b.name || a.name === b.bare);
}

/** Of an ARN nobody can tell whether its last six characters are a suffix, or of the name. */
function partsOf(
  secret: string,
  account: string | undefined,
): { account: string | undefined; name: string; bare: string } {
  const name = nameIn(secret);
  if (name === undefined) return { account, name: secret, bare: secret };
  return { account: secret.split(':')[4], name, bare: name.replace(suffix, '') };
}

function nameIn(arn: string): string | undefined {
  return /^arn:.*?:secret:(.+)$/.exec(arn)?.[1];
}
