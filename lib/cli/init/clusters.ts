import { UserError } from '../../model/errors.ts';
import { isProduction, isSameStep, stepOf, toName } from './names.ts';

/** An entry of `clusters`. */
export interface ProposedCluster {
  name: string;
  eks?: string;
  region?: string;
}

/** An entry of `environments`, in order. */
export interface ProposedEnvironment {
  name: string;
  cluster: string;
  update?: 'pull-request';
  /** The cluster is a guess. */
  isGuess: boolean;
}

/** Where syncs go. */
export interface Places {
  clusters: ProposedCluster[];
  environments: ProposedEnvironment[];
}

/** Reads `prod=acme-prod:eu-west-1`, one or several with commas between. Throws `UserError`. */
export function readClusters(texts: readonly string[]): ProposedCluster[] {
  return texts
    .flatMap((text) => text.split(','))
    .map((text) => {
      const match = /^([^=:]+)=([^=:]+):([a-z]{2}(?:-[a-z]+)+-[0-9]+)$/.exec(text.trim());
      if (match === null || toName(match[1]!) !== match[1])
        throw new UserError(`--clusters takes NAME=EKS:REGION, like prod=acme-prod:eu-west-1, not "${text}"`, {
          code: 'usage',
        });
      return { name: match[1], eks: match[2]!, region: match[3]! };
    });
}

/** What is known of an environment: the cluster, where something tells it. */
export interface FoundEnvironment {
  name: string;
  cluster?: string;
}

/**
 * Which clusters there are, and which of them each environment is in. `apart`: each environment has a cluster of its own, where nothing says
 * which it is.
 */
export function placeEnvironments(
  found: readonly FoundEnvironment[],
  named: readonly string[],
  { given, apart }: { given: readonly ProposedCluster[]; apart: boolean },
): Places {
  const known = [...new Set([...given.map(({ name }) => name), ...named])];
  if (known.length === 0) known.push(...(apart ? found.map(({ name }) => toName(name)) : ['main']));
  known.sort((a, b) => rank(a) - rank(b));
  const clusters = known.map((name): ProposedCluster => given.find((one) => one.name === name) ?? { name });
  const ordered = [...found].sort((a, b) => rank(a.name) - rank(b.name));
  const environments = ordered.map(({ name, cluster }): ProposedEnvironment => {
    const told = cluster ?? known.find((one) => one === name) ?? known.find((one) => isSameStep(name, one));
    const reviewed = ordered.length > 1 && isProduction(name);
    return {
      ...{ name, cluster: told ?? known[0]!, isGuess: told === undefined && known.length > 1 },
      ...(reviewed && { update: 'pull-request' as const }),
    };
  });
  return { clusters, environments };
}

/** What has no known word stands before production. */
function rank(environment: string): number {
  const steps = environment.split(/[-_.]/).map(stepOf);
  return Math.max(...steps) < 0 ? 4.5 : Math.max(...steps);
}
