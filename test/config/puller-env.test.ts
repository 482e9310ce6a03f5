import { describe, expect, it } from 'vitest';
import { readPullerSettings } from '../../lib/config/puller-env.ts';
import { UserError } from '../../lib/model/errors.ts';

const good = {
  WINDLASS_REPO: 'https://github.com/acme/shop-config',
  WINDLASS_BRANCH: 'main',
  WINDLASS_CLUSTER: 'prod',
  WINDLASS_MODE: 'watch',
};

function problemsOf(env: Record<string, string | undefined>): string[] {
  try {
    readPullerSettings(env);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map(({ object, message, hint }) => `${object}: ${message}${hint ? ` (${hint})` : ''}`);
  }
  return [];
}

describe('the environment of the puller', () => {
  it('is read, with defaults for directories alone', () => {
    expect(readPullerSettings(good)).toEqual({
      repo: good.WINDLASS_REPO,
      branch: 'main',
      cluster: 'prod',
      mode: 'watch',
      gitKeyDir: '/etc/windlass/git',
      stateDir: '/var/lib/windlass',
    });
    const queue = 'https://sqs.eu-west-1.amazonaws.com/123456789012/windlass-reports.fifo';
    const wake = 'https://sqs.eu-west-1.amazonaws.com/123456789012/windlass-wake';
    const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass/git-a1B2c3';
    const all = { WINDLASS_REPORT_QUEUE: queue, WINDLASS_WAKE_QUEUE: wake, WINDLASS_GIT_SECRET: secret };
    expect(readPullerSettings({ ...good, ...all, WINDLASS_STATE_DIR: '/tmp/w' })).toMatchObject({
      ...{ reportQueue: queue, wakeQueue: wake, gitSecret: secret, stateDir: '/tmp/w' },
    });
  });

  it('tells all that is wrong at once', () => {
    expect(
      problemsOf({
        WINDLASS_MODE: 'daemon',
        WINDLASS_REPORT_QUEUE: 'windlass-reports',
        WINDLASS_GIT_SECRET: 'windlass/git',
        WINDLASS_CLUSTR: 'prod',
      }),
    ).toEqual([
      'WINDLASS_MODE: "daemon" is no mode (cron or watch)',
      'WINDLASS_REPO: it is not set (the URL of the config repo)',
      'WINDLASS_BRANCH: it is not set (the branch whose head is applied: main)',
      "WINDLASS_CLUSTER: it is not set (this cluster's name under clusters in windlass.yaml)",
      'WINDLASS_REPORT_QUEUE: "windlass-reports" is not the URL of an SQS queue (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME)',
      'WINDLASS_GIT_SECRET: it is not the ARN of a secret (arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME)',
      'WINDLASS_CLUSTR: there is no such variable (did you mean WINDLASS_CLUSTER?)',
    ]);
  });

  it('knows the names that say where programs are', () => {
    const places = { WINDLASS_KUBECTL: '/usr/local/bin/kubectl', WINDLASS_HELM: '/usr/local/bin/helm' };
    expect(problemsOf({ ...good, ...places, WINDLASS_CACHE: '/tmp' })).toEqual([]);
  });

  it('wants a FIFO queue for reports, and nothing that wakes a CronJob', () => {
    const standard = 'https://sqs.eu-west-1.amazonaws.com/123456789012/windlass';
    expect(
      problemsOf({ ...good, WINDLASS_MODE: 'cron', WINDLASS_REPORT_QUEUE: standard, WINDLASS_WAKE_QUEUE: standard }),
    ).toEqual([
      'WINDLASS_REPORT_QUEUE: it is no FIFO queue: reports must stay in order (its name ends in .fifo)',
      'WINDLASS_WAKE_QUEUE: nothing wakes a CronJob (leave it out, or set WINDLASS_MODE to watch)',
    ]);
  });

  it('refuses a queue in the clear, but on this machine', () => {
    const path = '/000000000000/reports.fifo';
    expect(problemsOf({ ...good, WINDLASS_REPORT_QUEUE: `http://sqs.example.com${path}` })).toHaveLength(1);
    expect(problemsOf({ ...good, WINDLASS_REPORT_QUEUE: `http://127.0.0.1:4566${path}` })).toEqual([]);
  });

  it('refuses a token in the URL without showing it', () => {
    const problems = problemsOf({ ...good, WINDLASS_REPO: 'https://x:canary-token@github.com/acme/shop' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain('canary');
    expect(problemsOf({ ...good, WINDLASS_REPO: 'ssh://git@github.com/acme/shop' })).toEqual([]);
    expect(problemsOf({ ...good, WINDLASS_REPO: 'git@github.com:acme/shop.git' })).toEqual([]);
  });

  it('does not mind what Kubernetes sets for Services', () => {
    expect(
      problemsOf({ ...good, WINDLASS_WEB_SERVICE_HOST: '10.0.0.1', WINDLASS_WEB_PORT: 'tcp://10.0.0.1:80' }),
    ).toEqual([]);
  });
});
