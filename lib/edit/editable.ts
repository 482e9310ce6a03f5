import type { Spot, YamlText } from './yaml-text.ts';

/** YAML's own tags other than that of a text: the value behind one is not what its text says. */
const typedTag = /^(?:!!(?!str$)|!<tag:yaml\.org,2002:(?!str>$)).+/;

/** The scalar as it can be edited in place, with what it says now, or why it cannot. Of a block with one line the spot is that line's text. */
export function editable(yaml: YamlText, spot: Spot): { spot: Spot; value: string } | { reason: string } {
  if (spot.kind === 'alias') return { reason: 'the value is an alias: put the marker beside its anchor' };
  if (spot.tag !== undefined && typedTag.test(spot.tag)) {
    return { reason: `the value has the YAML tag ${spot.tag}, so that its text is not what is read` };
  }
  return spot.style === 'block' ? onlyLine(yaml, spot) : { spot, value: yaml.value(spot) };
}

function onlyLine(yaml: YamlText, spot: Spot): { spot: Spot; value: string } | { reason: string } {
  const read = yaml.value(spot);
  const value = read.replace(/\n*$/, '');
  const source = yaml.text.slice(spot.start, spot.end);
  if (value === '' || source.trim() !== value || /[\r\n]/.test(value)) {
    return { reason: 'the value is a block scalar that is not of one line: write the value on one line' };
  }
  const start = spot.start + source.indexOf(value);
  return { spot: { ...spot, start, end: start + value.length, tail: read.slice(value.length) }, value };
}
