import { parseArgs } from 'node:util';
import { costOf, type Line } from './model.ts';
import file from './prices.json' with { type: 'json' };
import { type Usage, usual } from './volumes.ts';

const help = `What a Windlass costs in a month: npm run cost -- [options]

  --pushes N         pushes of tags a day (${usual.pushes})
  --bumps N          of these, those that become commits (${usual.bumps})
  --images N         image policies (${usual.images})
  --clusters N       clusters (${usual.clusters})
  --syncs N          syncs of all clusters together (${usual.syncs})
  --vpcs N           clusters that are checked from a VPC of their own (${usual.vpcs})
  --mode MODE        how pullers run: watch or cron (${usual.mode})
  --incidents N      incidents a day (${usual.incidents})
  --driftSeconds N   seconds of one run of the check (${usual.driftSeconds})
  --months N         months of audit records (${usual.months})
  --slackSecrets N   secrets of Slack (${usual.slackSecrets})
  --json             as JSON

The prices, with their date, are in bench/cost/prices.json.`;

const numbers = Object.entries(usual).flatMap(([name, value]) => (typeof value === 'number' ? [name] : []));
const named = Object.fromEntries([...numbers, 'mode'].map((name) => [name, { type: 'string' } as const]));

/** What is printed. Throws `TypeError` for what cannot be counted. */
function text(): string {
  const flags = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options: { ...named, ...flags } });
  if (values.help === true) return help;
  const usage = usageOf(values as Record<string, string | undefined>);
  const costs = costOf(usage);
  const { currency, region, date, source } = file;
  if (values.json === true) return JSON.stringify({ usage, ...costs, currency, region, date }, null, 2);
  return [
    ...table('what', [...costs.lines, { item: '**sum**', volume: '', usd: costs.total }]),
    '',
    ...table('if you need it', costs.optional),
    '',
    ...table('for comparison', costs.others),
    '',
    `${currency} a month of 30 days, ${region}, prices of ${date} (${source})`,
  ].join('\n');
}

function usageOf(values: Record<string, string | undefined>): Usage {
  const { mode = usual.mode } = values;
  if (mode !== 'watch' && mode !== 'cron') throw new TypeError('--mode is watch or cron');
  const given = numbers.flatMap((name) => {
    const said = values[name];
    if (said === undefined) return [];
    const value = Number(said);
    if (!(value >= 0) || said.trim() === '') throw new TypeError(`--${name} is no number: ${said}`);
    return [[name, value]];
  });
  return { ...usual, ...Object.fromEntries(given), mode };
}

function table(head: string, lines: readonly Line[]): string[] {
  const rows = lines.map(({ item, volume, usd }) => [item, volume, usd.toFixed(2)]);
  const all = [[head, 'a month', 'USD'], ...rows];
  const width = (column: number) => Math.max(...all.map((row) => row[column]!.length));
  const widths = [0, 1, 2].map(width);
  const [first, ...rest] = all.map(
    ([item, volume, usd]) =>
      `| ${item!.padEnd(widths[0]!)} | ${volume!.padEnd(widths[1]!)} | ${usd!.padStart(widths[2]!)} |`,
  );
  return [
    first!,
    `| ${'-'.repeat(widths[0]!)} | ${'-'.repeat(widths[1]!)} | ${'-'.repeat(widths[2]! - 1)}: |`,
    ...rest,
  ];
}

try {
  console.log(text());
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
