import { looked, note, ok, type Said, unchecked, wrong } from './finding.ts';

/** A server whose clock is compared with that of this machine. */
export interface ServerClock {
  /** For people: `GitHub`, `AWS`, `the API server`. */
  server: string;
  /** Seconds that the clocks may differ by before something is refused, and what that is. */
  limit: number;
  breaks: string;
  /** What the server has; whole seconds. Undefined where it does not tell. */
  date(): Promise<Date | undefined>;
}

/** Seconds that nobody needs to hear of: a Date header has whole ones, and an answer takes its time. */
const unseen = 60;

/** How AWS treats a signature: https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html */
export const awsLimit = { limit: 300, breaks: 'AWS refuses what is signed more than 5 minutes away from its own time' };
/** How GitHub treats the token that an App signs: https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app */
export const gitHubLimit = { limit: 60, breaks: 'GitHub refuses the signature of an App from its future, or too old' };
/** A token of EKS is a signed request, and what is applied is dated by this clock. */
export const clusterLimit = {
  limit: 300,
  breaks: 'tokens for the cluster are refused, and times in records are wrong',
};

/** Compares the clock here with those of servers. */
export async function checkClocks(clocks: readonly ServerClock[], now: () => Date): Promise<Said[]> {
  if (clocks.length === 0) return [unchecked('clock', 'no server is known whose clock could be asked')];
  return (await Promise.all(clocks.map((clock) => looked('clock', () => checkClock(clock, now))))).flat();
}

async function checkClock({ server, limit, breaks, date }: ServerClock, now: () => Date): Promise<Said> {
  const before = now().getTime();
  const there = await date();
  if (there === undefined) return unchecked('clock', `${server} does not tell its time`);
  // The header was written between the question and the answer, and leaves out the part of a second.
  const here = (before + now().getTime()) / 2;
  const seconds = Math.round((here - there.getTime() - 500) / 1000);
  const apart = Math.abs(seconds);
  const text = `${apart} s ${seconds < 0 ? 'behind' : 'ahead of'} that of ${server}`;
  if (apart > limit) return wrong('clock', `the clock here is ${text}: ${breaks}`, setClock);
  if (apart > unseen) return note('clock', `the clock here is ${text}`, setClock);
  return ok('clock', apart <= 1 ? `agrees with ${server}` : text);
}

const setClock = 'let this machine take its time from the network (timedatectl set-ntp true; on a Mac in Date & Time)';
