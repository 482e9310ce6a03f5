import { UserError } from '../../model/errors.ts';
import { listed } from '../../model/nearest.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { type Finding, type PartName, partNames } from '../doctor/finding.ts';
import { runParts } from '../doctor/run-parts.ts';
import { printPart, printVerdict } from '../output/doctor.ts';
import { printJson } from '../output/json.ts';
import { clusterOptions } from '../wiring-cluster.ts';
import { openDoctor } from '../wiring-doctor.ts';
import { recordsOptions } from '../wiring-records.ts';
import { type Count, countOf } from './count.ts';

const patience: Count = { usual: 120, most: 9999, of: 'seconds' };

/** `windlass doctor`: looks at everything that can be wrong. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'check everything that can be wrong, and say how to mend it',
  details: [
    'Looks at this machine, a running loop or the stack in AWS, the permissions of its roles, the config repo and the rules of its branch, the images,',
    'who is told, the cluster with its puller, and the rights in it. It changes nothing, commits nothing, posts nothing, and reads no secret unless',
    'you say --secrets. One part that cannot be looked at hides no other, and what you may not look at yourself is told as not checked.',
    `The parts: ${partNames.join(', ')}. docs/doctor.md has each check, and what it asks with.`,
    'The config repo is that of --repo, else that of the loop or stack; GitHub is asked as WINDLASS_GITHUB_TOKEN, GITHUB_TOKEN, or the App of',
    'WINDLASS_GITHUB_APP_ID with WINDLASS_GITHUB_APP_KEY_FILE say.',
    'JSON: { findings: [{ part, what, result, text, mend }] }; result is ok, note, wrong or unchecked.',
    'Exit code: 0 when nothing is wrong; 1 when something is; 2 for a wrong option; 3 when nothing could be checked.',
  ].join('\n'),
  options: {
    repo: { type: 'string', value: 'REPO', help: 'the config repo: a directory, a Git URL, or github:OWNER/NAME' },
    branch: { type: 'string', value: 'B', help: 'its branch, with --repo' },
    ...recordsOptions,
    ...clusterOptions,
    cluster: {
      type: 'string',
      value: 'NAME',
      help: 'the cluster by its name in windlass.yaml, where the puller does not say it',
    },
    'no-cluster': { type: 'boolean', help: 'look at no cluster' },
    secrets: {
      type: 'boolean',
      help: 'read the secrets of the stack, and ask GitHub and Slack with them; nothing is posted',
    },
    only: { type: 'string', value: 'PART', help: 'this part alone', values: partNames, multiple: true },
    wait: { type: 'string', value: 'SECONDS', help: `how long a part may take (default: ${patience.usual})` },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass doctor',
    'windlass doctor --stack Windlass --region eu-west-1 --context prod',
    'windlass doctor --repo github:acme/config --only repo --only images',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const wanted = partsOf(args);
  const timeout = countOf(args, 'wait', patience) * 1000;
  if (args.flag('no-cluster') && (args.text('context') !== undefined || args.text('kubeconfig') !== undefined))
    throw new UserError('--no-cluster excludes --kubeconfig and --context', { code: 'usage' });
  const { parts, close } = openDoctor(args, io);
  const chosen = Object.fromEntries(wanted.map((name) => [name, parts[name]]));
  const all: Finding[] = [];
  try {
    for await (const findings of runParts(chosen, { timeout, signal: io.signal })) {
      all.push(...findings);
      const [first] = findings;
      if (first !== undefined && !args.flag('json')) printPart(io, first.part, findings);
    }
  } finally {
    await close();
  }
  if (args.flag('json')) printJson(io, { findings: all });
  else printVerdict(io, all);
  return codeOf(all);
}

function partsOf(args: Args): PartName[] {
  const asked = args.list('only');
  const unknown = asked.find((name) => !partNames.some((part) => part === name));
  if (unknown !== undefined)
    throw new UserError(`there is no part "${unknown}": ${listed(partNames)}`, { code: 'usage' });
  return partNames.filter((part) => asked.length === 0 || asked.includes(part));
}

function codeOf(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ result }) => result === 'wrong')) return 1;
  return findings.some(({ result }) => result !== 'unchecked') ? 0 : 3;
}
