import type { Command } from './command.ts';
import type { CommandGroup } from './commands/index.ts';
import type { Style } from './output/style.ts';
import { hanging, wrapParagraphs } from './output/wrap.ts';

/** `windlass --help`: one screen, in the width of a terminal. */
export function overview(groups: readonly CommandGroup[], style: Style, width?: number): string {
  const widest = Math.max(...groups.flatMap(({ commands }) => commands.map(({ name }) => name.length)));
  return [
    `${style.bold('windlass COMMAND [OPTIONS]')}: GitOps for Kubernetes on AWS`,
    '',
    ...groups.flatMap(({ title, commands }) => [
      style.bold(title),
      ...commands.flatMap(({ name, summary }) => hanging(`  ${name.padEnd(widest)}  `, summary, width)),
    ]),
    '',
    style.bold('Everywhere'),
    '  --help, -h     what a command reads, prints and returns, with examples',
    '  --json         the same as JSON, on every command that reads',
    '  --version      the version',
    '',
    'Exit codes: 0 fine, 1 there are differences, 2 your input is wrong, 3 a failure.',
    'Colours only on a terminal; NO_COLOR=1 switches them off.',
    '',
  ].join('\n');
}

/** `windlass COMMAND --help`, in the width of a terminal; without one lines are as long as they are. */
export function commandHelp(command: Command, style: Style, width?: number): string {
  const rows = Object.entries(command.options).map(([name, option]): [string, string] => {
    const short = option.short === undefined ? '' : `, -${option.short}`;
    const value = option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : '';
    return [`--${name}${short}${value}`, `${option.help}${option.required ? ' (required)' : ''}`];
  });
  const widest = Math.max(0, ...rows.map(([left]) => left.length));
  const positionals = command.positionals === undefined ? '' : ` ${command.positionals}`;
  const details = command.details?.trim();
  return [
    `${style.bold(`windlass ${command.name}`)}: ${command.summary}`,
    '',
    `${style.bold('Usage')}  windlass ${command.name}${positionals}${rows.length > 0 ? ' [OPTIONS]' : ''}`,
    ...(details === undefined ? [] : ['', ...(width === undefined ? [details] : wrapParagraphs(details, width))]),
    ...(rows.length === 0 ? [] : ['', style.bold('Options')]),
    ...rows.flatMap(([left, right]) => hanging(`  ${left.padEnd(widest)}  `, right, width)),
    '',
    style.bold('Examples'),
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}
