import { DescribeImageScanFindingsCommand, type DescribeImageScanFindingsResponse } from '@aws-sdk/client-ecr';
import { type ImageSource, partsOf } from '../../model/image-contents.ts';
import { type ScanState, type Severity, severities } from '../../policy/gates.ts';
import { askEcr, type EcrPlace } from './ecr-clients.ts';

/**
 * The scan of an image. An index is not scanned by ECR's basic scanning: where it has no scan of its own, the images that it names are looked at. All
 * must be complete, and their findings are added; one without a scan is `none`, one under way is `pending`.
 */
export async function scanOf(place: EcrPlace, source: ImageSource, digest: string): Promise<ScanState> {
  const own = await scanOfOne(place, digest);
  if (own.state !== 'none') return own;
  const parts = await partsOf(source, digest);
  if (parts === undefined || parts.length === 0) return own;
  const scans: ScanState[] = [];
  for (const part of parts) scans.push(await scanOfOne(place, part));
  return together(parts, scans);
}

/** The scans of an index's images as one. */
export function together(parts: readonly string[], scans: readonly ScanState[]): ScanState {
  for (const [number, scan] of scans.entries()) {
    if (scan.state === 'none') return { state: 'none', reason: `its image ${parts[number]}: ${scan.reason}` };
  }
  const findings: Partial<Record<Severity, number>> = {};
  for (const scan of scans) {
    if (scan.state !== 'complete') return { state: 'pending' };
    for (const severity of severities) {
      const count = scan.findings[severity];
      if (count !== undefined) findings[severity] = (findings[severity] ?? 0) + count;
    }
  }
  return { state: 'complete', findings };
}

async function scanOfOne(place: EcrPlace, digest: string): Promise<ScanState> {
  const { client, registryId, repositoryName, written } = place;
  const input = { registryId, repositoryName, imageId: { imageDigest: digest }, maxResults: 1 };
  const question = { action: 'ecr:DescribeImageScanFindings', repository: written, reference: digest };
  return askEcr(question, async () => {
    try {
      return readScan(await client.send(new DescribeImageScanFindingsCommand(input)));
    } catch (error) {
      if (error instanceof Error && error.name === 'ScanNotFoundException')
        return { state: 'none', reason: 'ECR has no scan of it' };
      throw error;
    }
  });
}

/** `COMPLETE` is basic scanning's word and the end of enhanced scanning's; `ACTIVE` is enhanced scanning's, which goes on after its first result. */
export function readScan({ imageScanFindings, imageScanStatus }: DescribeImageScanFindingsResponse): ScanState {
  const { status = 'none', description } = imageScanStatus ?? {};
  if (status === 'IN_PROGRESS' || status === 'PENDING') return { state: 'pending' };
  if (status !== 'COMPLETE' && status !== 'ACTIVE') {
    return { state: 'none', reason: `ECR's scan is ${status}${description ? ` (${description})` : ''}` };
  }
  // Complete without its findings: they are not there yet. Nothing found would be an empty list.
  if (imageScanFindings === undefined) return { state: 'pending' };
  const { enhancedFindings, findings, findingSeverityCounts } = imageScanFindings;
  const some = (findings?.length ?? 0) + (enhancedFindings?.length ?? 0) > 0;
  if (findingSeverityCounts === undefined && some) {
    return { state: 'none', reason: 'ECR tells findings without their severities' };
  }
  return { state: 'complete', findings: bySeverity(findingSeverityCounts ?? {}) };
}

function bySeverity(counts: Readonly<Record<string, number | undefined>>): Partial<Record<Severity, number>> {
  const found = severities.map((severity) => [severity, counts[severity.toUpperCase()]] as const);
  return Object.fromEntries(found.filter(([, count]) => count !== undefined));
}
