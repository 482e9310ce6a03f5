import type { HelmSpec } from '../config/config.ts';

/** From which line on what helm wrote comes from which file. */
export interface Source {
  line: number;
  file: string;
}

/** Where a chart is, for people: its directory, or `oci://ghcr.io/acme/charts/web:1.2.3`. */
export function originOf(chart: HelmSpec['chart']): string {
  if (chart.kind === 'directory') return chart.path;
  return chart.kind === 'oci'
    ? `oci://${chart.repository}:${chart.version}`
    : `${chart.url}/${chart.name}:${chart.version}`;
}

/** Reads the comments by which helm names the template of each document; the chart's own name in them becomes the place of the chart. */
export function sourcesIn(text: string, origin: string): Source[] {
  const sources: Source[] = [];
  let line = 1;
  for (const match of text.matchAll(/^(?:# Source: [^/\n]+\/(.*))?.*(?:\n|$)/gm)) {
    if (match[1] !== undefined) sources.push({ line, file: inChart(origin, match[1]) });
    line++;
  }
  return sources;
}

/** A file of a chart, for people. */
export function inChart(origin: string, path: string): string {
  return origin === '.' ? path : `${origin}/${path}`;
}
