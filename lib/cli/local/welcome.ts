import type { Style } from '../output/style.ts';

/** What the terminal says once the loop runs. */
export function welcome(about: {
  url: string;
  repo: string;
  /** The program that is kubectl for this cluster. */
  kubectl: string;
  kubeconfig: string;
  /** The state directory, where it is not the usual one. */
  dir: string | undefined;
  /** True when the config repo is the example. */
  example: boolean;
  style: Style;
}): string {
  const { style } = about;
  const kubectl = about.kubectl.startsWith('/') ? about.kubectl : `./${about.kubectl}`;
  const push = `npx windlass local push${about.dir === undefined ? '' : ` --dir ${about.dir}`}`;
  const things = about.example
    ? [
        ['Push an image, see the commit and the roll-out:', `${push} shop/web:1.5.0`],
        [
          'Change something by hand, see it found and put right:',
          `${kubectl} -n shop-staging set image deployment/web web=example.com/mine:1`,
        ],
        ['Push one whose pods crash, see it reported:', `${push} shop/web:1.6.0-broken`],
      ]
    : [
        ['Push an image that windlass.yaml watches:', `${push} IMAGE:TAG`],
        ['Look into the cluster:', `${kubectl} get all -A`],
        ['Change a manifest and commit: it is applied within seconds.', `git -C ${about.repo} log --oneline`],
      ];
  return [
    '',
    `${style.bold('Windlass runs.')} No container does: nodes and pods are simulated by kwok, everything else is real.`,
    '',
    `  page        ${style.bold(about.url)}`,
    `  repository  ${about.repo}${about.example ? `  ${style.dim(`(git clone ${about.repo} shop)`)}` : ''}`,
    `  kubeconfig  ${about.kubeconfig}  ${style.dim(`(${kubectl} is kubectl with it)`)}`,
    '',
    'Three things to try in another terminal:',
    ...things.flatMap(([what, command], index) => [`  ${index + 1}. ${what}`, `     ${style.bold(command!)}`]),
    '',
    `Ctrl-C stops everything; the next start goes on from here.`,
    '',
  ].join('\n');
}
