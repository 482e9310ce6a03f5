import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../lib/config/metric-names.ts';
import { runbookPlace, runbookSections } from '../../lib/infra/runbook.ts';
import { incidentKinds } from '../../lib/model/incident.ts';
import { allProps, idOf, leastProps, templateOf } from './synth.ts';

const clusters = ['arn:aws:eks:eu-west-1:123456789012:cluster/prod'];
const template = templateOf({ ...leastProps, clusters });
const alarms = template.ofType('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);

const everything = templateOf(allProps);
const text = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const part = (from: string, to: string) => text.slice(text.indexOf(`\n## ${from}`), text.indexOf(`\n## ${to}`));
const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading!));

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

describe('the runbook', () => {
  const linked = new Set(alarms.map(({ AlarmDescription }) => AlarmDescription.split('#').at(-1)));

  it('has a section for each alarm of the stack', () => {
    for (const { AlarmDescription } of alarms) expect(AlarmDescription).toContain(runbookPlace());
    for (const section of linked) expect(headings).toContain(section);
  });

  it('is linked at the address that the stack is told', () => {
    const linking = templateOf({ ...leastProps, clusters, runbookUrl: 'https://wiki.acme.example/windlass' });
    const told = linking.ofType('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties.AlarmDescription);
    expect(told.length).toBeGreaterThan(0);
    for (const description of told)
      expect(description).toMatch(/\. What to do: https:\/\/wiki\.acme\.example\/windlass#[a-z-]+$/);
    const [dashboard] = linking.ofType('AWS::CloudWatch::Dashboard').map(([, { Properties }]) => Properties);
    const body = JSON.stringify(dashboard!.DashboardBody);
    expect(body).toContain('https://wiki.acme.example/windlass has a section for each alarm');
  });

  it('has an alarm for each section about one', () => {
    expect([...linked].sort()).toEqual([...runbookSections].sort());
    const sections = [...part('Alarms', 'Incidents').matchAll(/^### (.+)$/gm)].map(([, heading]) => anchor(heading!));
    expect(sections.sort()).toEqual([...runbookSections].sort());
  });

  it('says in each of them what it means, how to look, how to mend it, and when it is over', () => {
    for (const section of part('Alarms', 'Incidents').split('\n### ').slice(1))
      for (const step of ['**What it means.**', '**Look.**', '**Mend.**', '**Over**'])
        expect(section, section.split('\n')[0]).toContain(step);
  });

  it('has a section for each kind of incident', () => {
    const sections = [...part('Incidents', 'Works').matchAll(/^### (.+)$/gm)].map(([, kind]) => kind);
    expect(sections.sort()).toEqual([...incidentKinds].sort());
  });

  it('has a line for each metric, with its unit', () => {
    for (const [name, { unit, by }] of Object.entries(metrics))
      expect(text).toMatch(new RegExp(`^\\| .*\`${name}\`.* \\| ${unit} \\| ${by} \\|`, 'm'));
  });

  it('has commands that a shell understands', () => {
    const blocks = [...text.matchAll(/^```sh\n([\s\S]+?)^```$/gm)].map(([, block]) => block!);
    expect(blocks.length).toBeGreaterThan(10);
    for (const block of blocks) execFileSync('bash', ['-n'], { input: block });
  });

  it('names queues, functions, rules and schedules by which just one is found', () => {
    const queues = [...text.matchAll(/\b(?:queue|arn|count|look) ([A-Z]\w+)/g)].map(([, name]) => [
      'AWS::SQS::Queue',
      name!,
    ]);
    const others = [...text.matchAll(/made (AWS::\w+::\w+) ([A-Z]\w+)/g)].map(([, type, name]) => [type!, name!]);
    expect(queues.length).toBeGreaterThan(5);
    expect(others.length).toBeGreaterThan(3);
    for (const [type, name] of [...queues, ...others]) {
      const ids = template.ofType(type!).map(([id]) => id);
      expect([name, ids.filter((id) => id.includes(name!))]).toEqual([name, [expect.any(String)]]);
    }
  });

  it('loops over what there is once more for each VPC', () => {
    const alone = [...text.matchAll(/"\$\(made (AWS::\w+::\w+) ([A-Z]\w+)\)"/g)];
    expect(alone.length).toBeGreaterThan(1);
    for (const [, type, name] of alone) {
      const ids = everything.ofType(type!).map(([id]) => id);
      expect([name, ids.filter((id) => id.includes(name!))]).toEqual([name, [expect.any(String)]]);
    }
  });

  it('asks for outputs that the stack has', () => {
    const outputs = [...text.matchAll(/output ([A-Z]\w+)/g)].map(([, name]) => name!);
    expect(outputs.length).toBeGreaterThan(3);
    for (const output of outputs) expect(Object.keys(template.json.Outputs)).toContain(output);
  });

  it('may say that every function is traced', () => {
    for (const [, { Properties }] of everything.ofType('AWS::Lambda::Function'))
      expect(Properties.TracingConfig).toEqual({ Mode: 'Active' });
  });

  it('leads with its own links to sections that there are', () => {
    for (const [, link] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(link);
    expect(existsSync(new URL(`../../${runbookPlace()}`, import.meta.url))).toBe(true);
  });
});

describe('the alarms of the whole stack', () => {
  const watching = (metric: string) =>
    everything
      .ofType('AWS::CloudWatch::Alarm')
      .filter(([, { Properties }]) => Properties.MetricName === metric)
      .map(([, { Properties }]) => Properties.Dimensions[0].Value);

  it('watch every dead-letter queue that there is', () => {
    const queues = everything.ofType('AWS::SQS::Queue');
    const ofQueues = queues.flatMap(([, { Properties }]) =>
      Properties.RedrivePolicy === undefined ? [] : [idOf(Properties.RedrivePolicy.deadLetterTargetArn)],
    );
    const ofRules = everything
      .ofType('AWS::Events::Rule')
      .flatMap(([, { Properties }]) => Properties.Targets)
      .map(({ DeadLetterConfig }) => idOf(DeadLetterConfig.Arn));
    const ofSchedules = everything
      .ofType('AWS::Scheduler::Schedule')
      .map(([, { Properties }]) => idOf(Properties.Target.DeadLetterConfig.Arn));
    const all = new Set([...ofQueues, ...ofRules, ...ofSchedules]);
    const watched = watching('ApproximateNumberOfMessagesVisible').map((name) => name['Fn::GetAtt'][0]);
    expect(watched.sort()).toEqual([...all].sort());
  });

  it('watch the errors and throttles of every function', () => {
    const functions = everything.ofType('AWS::Lambda::Function').map(([id]) => id);
    for (const metric of ['Errors', 'Throttles'])
      expect(
        watching(metric)
          .map(({ Ref }) => Ref)
          .sort(),
      ).toEqual(functions.sort());
  });

  it('go by the repo and branch by which the functions write', () => {
    const own = everything
      .ofType('AWS::CloudWatch::Alarm')
      .filter(([, one]) => one.Properties.Namespace === 'Windlass');
    expect(own.length).toBeGreaterThan(3);
    for (const [, { Properties }] of own)
      expect(Properties.Dimensions).toEqual([{ Name: 'repo', Value: 'acme/shop-config@release' }]);
    for (const [, { Properties }] of everything.ofType('AWS::Lambda::Function'))
      expect(Properties.Environment.Variables).toMatchObject({
        WINDLASS_REPO: 'acme/shop-config',
        WINDLASS_BRANCH: 'release',
      });
  });
});
