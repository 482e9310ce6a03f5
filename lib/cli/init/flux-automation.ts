import type { Remark } from './candidate.ts';
import { fieldsAt, type Survey, textAt } from './survey.ts';

/** What Flux's ImageUpdateAutomations do, and what that means beside Windlass: two must not write the same tags. */
export function automations({ objects }: Survey): Remark[] {
  return objects
    .filter(({ group, kind }) => group === 'image.toolkit.fluxcd.io' && kind === 'ImageUpdateAutomation')
    .map(({ name, file, line, value }) => {
      const git = fieldsAt(value, 'spec', 'git');
      const [from, to] = [textAt(fieldsAt(git, 'checkout', 'ref'), 'branch'), textAt(fieldsAt(git, 'push'), 'branch')];
      const isReviewed = to !== undefined && to !== from;
      const reviewed = isReviewed
        ? ` It pushes to ${to}: where somebody reviews that, write update: pull-request.`
        : '';
      const message = `both would write tags: before Windlass bumps, flux suspend image update ${name}.${reviewed}`;
      return { about: `${file}:${line}`, message };
    });
}
