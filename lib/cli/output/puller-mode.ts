import type { InstallMode } from '../../install/options.ts';

/** The schedule that an installation has. */
const eachMinute = '* * * * *';

/** What people may expect of a puller: how soon a commit is live, and what could make it sooner. */
export function modeLine(mode: InstallMode, schedule = eachMinute): string {
  if (mode === 'watch') return 'the puller watches: a commit is live within seconds, and its roll-out';
  if (schedule === eachMinute)
    return 'the puller is a CronJob: a commit is live within a minute, and its roll-out; nothing can wake it sooner';
  return `the puller is a CronJob: it pulls by the schedule "${schedule}"; nothing can wake it sooner`;
}
