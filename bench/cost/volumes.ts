import type { StackShape } from './stack.ts';

/** What a team has and does. */
export interface Usage {
  /** Pushes of tags a day. */
  pushes: number;
  /** Of them, those that become commits: the others are of tags that no policy wants. */
  bumps: number;
  images: number;
  clusters: number;
  /** In all clusters together. */
  syncs: number;
  /** Of the clusters, those that are checked from a VPC of their own, one each. */
  vpcs: number;
  /** How pullers run. */
  mode: 'watch' | 'cron';
  /** Incidents a day. */
  incidents: number;
  /** Seconds that one run of a check takes. It grows with objects and with the distance to the clusters. */
  driftSeconds: number;
  /** Months since the beginning: the audit is kept for ever. */
  months: number;
  /** Slack's secrets. */
  slackSecrets: number;
}

/** What a team of ten apps in two clusters has, where nothing else is said. */
export const usual: Usage = {
  ...{ pushes: 100, bumps: 40, images: 10, clusters: 2, syncs: 20, vpcs: 0 },
  ...{ mode: 'watch', incidents: 5, driftSeconds: 6, months: 12, slackSecrets: 1 },
};

/** What a month of 30 days comes to, in the units in which AWS counts. */
export interface Volumes {
  invocations: { bump: number; drift: number; report: number; notify: number; who: number };
  /** GB seconds. */
  compute: { arm: number; x86: number };
  sqs: { fifo: number; standard: number };
  schedules: number;
  customEvents: number;
  dynamo: { writes: number; reads: number; gb: number };
  secrets: { count: number; calls: number };
  logGb: number;
  traces: number;
  sns: number;
}

const days = 30;
const minutes = days * 24 * 60;
/** Lambda asks a queue with five long polls of 20 s at once, a puller that watches with one. */
const pollsAMinute = { lambda: 5 * 3, puller: 3 };
/** Seconds of one invocation: a push asks GitHub and the registry, a report asks the tables. */
const seconds = { bump: 1.5, report: 0.08, notify: 0.5, who: 20 };
/** A pull that rolls out is reported every two seconds until all is healthy, and brings that many of its syncs something. */
const [reportsARollout, syncsABump] = [20, 1.5];
/** Write units of what one thing leaves: the state of a sync (3 KB), of a cluster or an image; all records of a bump and its roll-out. */
const writes = { report: 3, heartbeat: 1, image: 1, lease: 2, bump: 40, incident: 16 };
/** Read units of one report, one bump. */
const reads = { report: 4, bump: 20 };
/** Bytes of Lambda's own lines of one invocation, of a line of metrics, of all lines of a bump. */
const logged = { invocation: 700, metrics: 400, bump: 3_000 };
/** Bytes of one record with its copies for each subject. */
const auditBytes = { bump: 20_000, incident: 6_000 };

/** Works out the volumes of a month. */
export function volumesOf(usage: Usage, shape: StackShape): Volumes {
  const month = monthOf(usage, shape);
  const { sweeps, ticks, pushes, bumps, incidents, reports, heartbeats } = month;
  const notices = 2 * incidents + bumps;
  const invocations = {
    ...{ bump: pushes + sweeps, drift: ticks, report: reports + heartbeats, notify: notices, who: incidents },
  };
  const { memory } = shape;
  const armFunctions = ['bump', 'report', 'notify', 'who'] as const;
  const total = Object.values(invocations).reduce((sum, count) => sum + count, 0);
  const polls = minutes * pollsAMinute.lambda;
  const watching = usage.mode === 'watch' ? usage.clusters : 0;
  return {
    invocations,
    compute: {
      arm: armFunctions.reduce((sum, name) => sum + invocations[name] * seconds[name] * memory[name], 0),
      x86: invocations.drift * usage.driftSeconds * memory.drift,
    },
    sqs: {
      // Each message is sent and deleted; that it is received is among the polls.
      fifo: shape.polled.fifo * polls + 2 * (pushes + sweeps + reports + heartbeats + notices),
      standard:
        shape.polled.standard * polls + watching * minutes * pollsAMinute.puller + 2 * (incidents + bumps * watching),
    },
    schedules: sweeps + ticks,
    customEvents: 2 * incidents,
    dynamo: {
      writes: writesOf(usage, month),
      // Each heartbeat reads the state of each sync of its cluster.
      reads: reports * reads.report + ticks * usage.syncs + heartbeats * 3 + (bumps + sweeps) * reads.bump,
      gb: (usage.months * (bumps * auditBytes.bump + incidents * auditBytes.incident)) / 1e9,
    },
    // Each function keeps a secret for five minutes.
    secrets: { count: 1 + usage.slackSecrets, calls: (minutes / 5) * (3 + shape.driftFunctions) },
    logGb: (total * logged.invocation + (ticks + heartbeats) * logged.metrics + bumps * logged.bump) / 1e9,
    // X-Ray takes the first invocation of each second: of so few nearly all.
    traces: total,
    sns: notices,
  };
}

interface Month {
  sweeps: number;
  ticks: number;
  pushes: number;
  bumps: number;
  incidents: number;
  reports: number;
  heartbeats: number;
}

function monthOf(usage: Usage, shape: StackShape): Month {
  const ticks = usage.clusters === 0 ? 0 : (minutes / shape.driftMinutes) * shape.driftFunctions;
  const checks = usage.clusters === 0 ? 0 : minutes / shape.driftMinutes;
  const bumps = usage.bumps * days;
  const pulls = usage.syncs * (usage.mode === 'cron' ? minutes : minutes / 10);
  const rollouts = bumps * syncsABump * (usage.mode === 'cron' ? 1 : reportsARollout);
  return {
    ...{ sweeps: minutes / shape.sweepMinutes, ticks, bumps },
    ...{ pushes: usage.pushes * days, incidents: usage.incidents * days },
    reports: pulls + rollouts + checks * usage.syncs,
    heartbeats: checks * usage.clusters,
  };
}

function writesOf(usage: Usage, { reports, heartbeats, sweeps, ticks, bumps, incidents }: Month): number {
  return (
    reports * writes.report +
    heartbeats * writes.heartbeat +
    sweeps * usage.images * writes.image +
    ticks * writes.lease +
    bumps * writes.bump +
    incidents * writes.incident
  );
}
