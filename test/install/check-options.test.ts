import { describe, expect, it } from 'vitest';
import { type AskedOptions, checkOptions } from '../../lib/install/check-options.ts';
import { UserError } from '../../lib/model/errors.ts';

const good: AskedOptions = { mode: 'cron', image: 'registry.example.com/windlass:1.0.0' };

function problemsOf(asked: Partial<AskedOptions>): string[] {
  try {
    checkOptions({ ...good, ...asked });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map(({ object, message }) => `${object}: ${message}`);
  }
  return [];
}

describe('the options of an installation', () => {
  it('are right when the puller would take them', () => {
    expect(problemsOf({})).toEqual([]);
    expect(
      problemsOf({
        ...{ mode: 'watch', repo: 'git@github.com:acme/config.git', branch: 'release/1.x', region: 'us-gov-west-1' },
        reportQueue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/reports.fifo',
        wakeQueue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/wake',
        gitSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass/git-a1B2c3',
        roleArn: 'arn:aws:iam::123456789012:role/windlass',
      }),
    ).toEqual([]);
  });

  it('are refused all at once, each by its name', () => {
    const reportQueue = 'https://sqs.eu-west-1.amazonaws.com/123456789012/reports';
    const wrong = { image: 'bad image', gitSecret: 'abc', reportQueue, region: 'Mars', roleArn: 'foo', branch: 'a b' };
    expect(problemsOf({ ...wrong, mode: 'every', repo: '/srv/config' })).toEqual([
      '--image: "bad image" is no image',
      '--region: "Mars" is no AWS region',
      '--role-arn: "foo" is not the ARN of an IAM role',
      expect.stringContaining('--url: the puller cannot fetch from "/srv/config"'),
      '--mode: "every" is no mode: there is cron, and watch',
      '--branch: "a b" is not the name of a branch',
      '--git-secret: it is not the ARN of a secret',
      '--report-queue: it is no FIFO queue: reports must stay in order',
    ]);
  });

  it.each(['notanimage', 'registry.example.com:5000/windlass'])('name an image with its tag or digest: %s', (image) =>
    expect(problemsOf({ image })).toEqual([`--image: "${image}" has no tag and no digest`]),
  );

  it('may name an image by its digest', () =>
    expect(problemsOf({ image: `registry.example.com/windlass@sha256:${'0'.repeat(64)}` })).toEqual([]));

  it('want a puller that watches where a queue wakes it', () => {
    const wakeQueue = 'https://sqs.eu-west-1.amazonaws.com/123456789012/wake';
    expect(problemsOf({ wakeQueue })).toEqual([
      '--wake-queue: it needs --mode watch: nothing wakes a CronJob before its minute',
    ]);
  });
});
