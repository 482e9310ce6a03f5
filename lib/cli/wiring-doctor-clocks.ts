// Puts the clocks of AWS, of GitHub and of the API server behind `windlass doctor`.
import { dateAt } from '../adapters/local/server-date.ts';
import type { Io } from './command.ts';
import { awsLimit, clusterLimit, gitHubLimit, type ServerClock } from './doctor/clock.ts';
import { awsUrl } from './wiring-doctor-aws.ts';
import type { World } from './wiring-doctor-world.ts';

/** The clocks of whoever can be asked; that one cannot be is told by its own part. */
export async function clocksOf({ stack: opened, repo, cluster: here }: World, io: Io): Promise<ServerClock[]> {
  const [aws, git, server] = await Promise.all([
    opened().catch(() => undefined),
    repo().catch(() => undefined),
    here().catch(() => undefined),
  ]);
  const clocks: ServerClock[] = [];
  if (aws !== undefined)
    clocks.push({ server: 'AWS', ...awsLimit, date: () => dateAt(awsUrl(io, aws.deployed.region)) });
  if (git?.rules !== undefined) {
    const url = io.env['WINDLASS_GITHUB_API_URL'] || 'https://api.github.com';
    // A token does not know the time.
    const limit = git.asApp ? gitHubLimit : { ...gitHubLimit, limit: Number.POSITIVE_INFINITY };
    clocks.push({ server: 'GitHub', ...limit, date: () => dateAt(url) });
  }
  if (server !== undefined) clocks.push({ server: 'the API server', ...clusterLimit, date: server.date });
  return clocks;
}
