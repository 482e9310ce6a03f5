/** A repository of Amazon ECR, taken apart. */
export interface EcrRepository {
  /** The AWS account, 12 digits. */
  account: string;
  region: string;
  /** `shop/web` */
  name: string;
}

const pattern = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(.+)$/;

/** Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com[.cn]/NAME`, a repository without tag; undefined for one of another registry. */
export function ecrRepository(repository: string): EcrRepository | undefined {
  const match = pattern.exec(repository);
  return match === null ? undefined : { account: match[1]!, region: match[2]!, name: match[3]! };
}

/** A text for people without the hosts of ECR, of which a line has no room. */
export function withoutEcrHosts(text: string): string {
  return text.replace(/\b\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\//g, '');
}
