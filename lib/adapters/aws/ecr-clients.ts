import { ECRClient, type ECRClientConfig } from '@aws-sdk/client-ecr';
import { ecrRepository } from '../../model/ecr.ts';
import { UserError } from '../../model/errors.ts';
import { type EcrQuestion, ecrTrouble } from './ecr-trouble.ts';

/** Without them the SDK finds AWS and the process's own credentials. */
export type EcrClientOptions = Pick<
  ECRClientConfig,
  'credentials' | 'endpoint' | 'retryMode' | 'maxAttempts' | 'requestHandler'
>;

/** Where one repository is asked about. */
export interface EcrPlace {
  client: ECRClient;
  registryId: string;
  repositoryName: string;
  /** As it was written, for messages. */
  written: string;
}

/** Finds the client for a repository: one for each region, made when it is needed. */
export function ecrClients(options: EcrClientOptions): (repository: string) => EcrPlace {
  const clients = new Map<string, ECRClient>();
  return (repository) => {
    const parts = ecrRepository(repository);
    if (parts === undefined) {
      throw new UserError(`${repository} is no repository of ECR (ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME)`, {
        code: 'repository-name',
        subject: repository,
      });
    }
    const client = clients.get(parts.region) ?? clientFor(parts.region, options);
    clients.set(parts.region, client);
    return { client, registryId: parts.account, repositoryName: parts.name, written: repository };
  };
}

function clientFor(region: string, options: EcrClientOptions): ECRClient {
  return new ECRClient({
    region,
    // Slows itself down when ECR throttles; what is still throttled after that goes back to the queue.
    retryMode: 'adaptive',
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 5000, requestTimeout: 20_000, throwOnRequestTimeout: true },
    ...options,
  });
}

/** Runs one question, and sorts its trouble. */
export async function askEcr<T>(question: EcrQuestion, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw ecrTrouble(error, question);
  }
}
