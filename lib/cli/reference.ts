import type { Command, Option } from './command.ts';

/** Commands under one title, as the page shows them. */
export interface ReferenceGroup {
  title: string;
  commands: readonly Command[];
}

/** The page of all commands, in Markdown: what `--help` of each of them says. */
export function referencePage(groups: readonly ReferenceGroup[]): string {
  return [
    '# The command line',
    '',
    '*Written by `npm run docs` from the commands themselves: it says what `windlass COMMAND --help` says.*',
    '',
    'Every command returns 0 when all is fine, 1 when there are differences, 2 when your input is wrong and 3 for a failure. `--json` prints',
    'the same as JSON. Colours appear only on a terminal; `NO_COLOR=1` switches them off. Your shell [completes](completion.md) all of it.',
    '',
    '| command | does |',
    '| --- | --- |',
    ...groups.flatMap(({ commands }) => commands.map(rowOf)),
    '',
    ...groups.flatMap(({ title, commands }) => [`## ${title}`, '', ...commands.flatMap(sectionOf)]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function rowOf({ name, summary }: Command): string {
  return `| [\`${name}\`](#windlass-${name.replaceAll(' ', '-')}) | ${inCell(summary)} |`;
}

function sectionOf(command: Command): string[] {
  const { name, summary, positionals, details, options, examples } = command;
  const usage = [`windlass ${name}`, positionals, Object.keys(options).length > 0 && '[OPTIONS]'];
  const rows = Object.entries(options).map(([option, how]) => optionRow(option, how));
  return [
    ...[`### windlass ${name}`, '', `${escaped(summary[0]!.toUpperCase() + summary.slice(1))}.`, ''],
    ...['```text', usage.filter(Boolean).join(' '), '```', ''],
    ...(details === undefined ? [] : paragraphs(details)),
    ...(rows.length === 0 ? [] : ['| option | means |', '| --- | --- |', ...rows, '']),
    ...['```sh', ...examples, '```', ''],
  ];
}

function optionRow(name: string, { type, short, value, help, required, multiple }: Option): string {
  const left = `--${name}${short === undefined ? '' : `, -${short}`}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`;
  const remarks = [required && 'required', multiple && !/repeated/.test(help) && 'may be repeated'].filter(Boolean);
  const remark = remarks.length === 0 ? '' : ` (${remarks.join(', ')})`;
  return `| \`${left.replaceAll('|', '\\|')}\` | ${inCell(help)}${remark} |`;
}

/** The paragraphs of a help text. What it has indented stays as it is; what it returns begins a paragraph of its own. */
function paragraphs(details: string): string[] {
  const parts = details
    .trim()
    .replace(/\n(?=(?:JSON|Exit code)\b)/g, '\n\n')
    .split(/\n{2,}/);
  return parts.flatMap((part) => {
    const lines = part.split('\n');
    const block = lines.findIndex((line) => line.startsWith('  '));
    if (block < 0) return [...lines.map(escaped), ''];
    const text = lines.slice(0, block).map(escaped);
    return [...text, ...(text.length === 0 ? [] : ['']), '```text', ...lines.slice(block), '```', ''];
  });
}

function inCell(text: string): string {
  return escaped(text).replaceAll('|', '\\|');
}

/** Nothing in a help text is meant as Markdown or HTML. */
function escaped(text: string): string {
  return text.replace(/[\\`*_<>[\]]/g, '\\$&');
}
