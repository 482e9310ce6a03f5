import type { Style } from '../output/style.ts';
import type { NextPush } from './next-push.ts';

/** What the terminal says once the loop runs. */
export function welcome(about: {
  url: string;
  /** The file that starts Windlass, as a shell finds it: no name that npx would look for in a registry. */
  program: string;
  repo: string;
  /** The program that is kubectl for this cluster. */
  kubectl: string;
  kubeconfig: string;
  /** The state directory, where it is not the usual one. */
  dir: string | undefined;
  /** True when the config repo is the example. */
  example: boolean;
  /** A push to try, where one can be told. */
  push: NextPush | undefined;
  /** An image of a registry that is asked by its API, where there is one. */
  realImage?: string | undefined;
  /** Where that registry's webhooks go, and the file that holds their token. */
  webhook?: { url: string; token: string } | undefined;
  /** Where notices may go by windlass.yaml, and whether they do; undefined where it names no destination. */
  notify?: { on: boolean; destinations: readonly string[] } | undefined;
  /** Nothing is kept at the end. */
  ephemeral: boolean;
  /** The config repo is on another machine. */
  remote?: boolean;
  /** Nothing is bumped. */
  readOnly?: boolean;
  /** Set for a cluster that was there before. */
  existing?: { context: string; name: string; server: string } | undefined;
  /** The usual port, where another program has it. */
  portInUse: number | undefined;
  style: Style;
}): string {
  const { style } = about;
  const repo = quoted(about.repo);
  const kubectl = quoted(about.kubectl.startsWith('/') ? about.kubectl : `./${about.kubectl}`);
  const push = `${quoted(about.program)} local push${about.dir === undefined ? '' : ` --dir ${quoted(about.dir)}`}`;
  const next = about.push === undefined ? 'IMAGE:TAG' : `${about.push.image}:${about.push.tag}`;
  const broken = about.push?.broken === undefined ? 'IMAGE:TAG-broken' : `${about.push.image}:${about.push.broken}`;
  const isReal = about.push === undefined && about.realImage !== undefined;
  // What the example's commands show is simulated.
  const things =
    about.example && about.existing === undefined
      ? [
          ['Push an image, see the commit and the roll-out:', `${push} ${next}`],
          [
            'Change something by hand, see it found and put right:',
            `${kubectl} -n shop-staging set image deployment/web web=example.com/mine:1`,
          ],
          ['Push one whose pods crash, see it reported:', `${push} ${broken}`],
        ]
      : [
          ...(about.readOnly
            ? []
            : [
                [
                  'Push an image that windlass.yaml watches:',
                  isReal ? `docker push ${about.realImage}:TAG` : `${push} ${next}`,
                ],
              ]),
          ['Look into the cluster:', `${kubectl} get all -A`],
          about.remote
            ? ['Change a manifest in a clone and push: it is applied within half a minute.', `git clone ${repo} config`]
            : ['Change a manifest and commit: it is applied within seconds.', `git -C ${repo} log --oneline`],
        ];
  return [
    '',
    about.existing === undefined
      ? `${style.bold('Windlass runs.')} No container does: nodes and pods are simulated by kwok, everything else is real.`
      : `${style.bold('Windlass runs')} on context ${about.existing.context}, which is ${about.existing.name} in windlass.yaml.`,
    '',
    `  page        ${style.bold(about.url)}${about.portInUse === undefined ? '' : `  ${style.dim(`(port ${about.portInUse} is in use by another program)`)}`}`,
    `  repository  ${about.repo}${about.example ? `  ${style.dim(`(git clone ${repo} shop)`)}` : about.readOnly ? `  ${style.dim('(only read: nothing is bumped)')}` : ''}`,
    ...(about.existing === undefined ? [] : [`  cluster     ${about.existing.server}`]),
    `  kubeconfig  ${about.kubeconfig}  ${style.dim(`(${kubectl} is kubectl with it)`)}`,
    ...(about.webhook === undefined
      ? []
      : [
          `  webhook     ${about.webhook.url}  ${style.dim(`(of a registry, with the token in ${quoted(about.webhook.token)})`)}`,
        ]),
    ...(about.notify === undefined ? [] : notifyLines(about.notify, style)),
    '',
    'To try in another terminal:',
    ...things.flatMap(([what, command], index) => [`  ${index + 1}. ${what}`, `     ${style.bold(command!)}`]),
    '',
    about.existing !== undefined
      ? 'Ctrl-C stops everything that was started here; the cluster stays as it is.'
      : about.ephemeral
        ? 'Ctrl-C stops everything, and nothing is kept.'
        : 'Ctrl-C stops everything; the next start goes on from here.',
    '',
  ].join('\n');
}

function notifyLines({ on, destinations }: { on: boolean; destinations: readonly string[] }, style: Style): string[] {
  if (!on)
    return [
      `  notices     printed here; ${style.dim('the routes of windlass.yaml are not followed without --notify')}`,
    ];
  const begin = '  notices     printed here, and sent to ';
  return destinations.map((one, index) => `${index === 0 ? begin : ' '.repeat(begin.length)}${one}`);
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
