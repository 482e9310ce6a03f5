import type { DriftMetrics } from '../model/drift-figures.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { Io } from './command.ts';

/** How fast drift was found and put right, by the incidents in the state table of AWS. Throws `UserError` where the table, the region or the rights lack. */
export async function tableMetrics(
  io: Io,
  { table, region, days }: { table: string; region: string | undefined; days: number },
): Promise<DriftMetrics> {
  const { openRecords } = await import('../adapters/aws/dynamo-open.ts');
  const { daysBefore, readDriftMetrics } = await import('../audit/drift-metrics.ts');
  const onUnreadable = (error: UserError) => io.stderr.write(`a record was left out: ${messageOf(error)}\n`);
  // Incidents are in the one table: nothing is read of the other.
  const { records, close } = await openRecords({
    tables: { audit: table, state: table },
    ...(region !== undefined && { region }),
    onUnreadable,
  });
  try {
    return await readDriftMetrics(daysBefore(io.now(), days), records);
  } catch (error) {
    if (!(error instanceof Error && /^Region is missing/.test(error.message))) throw error;
    throw new UserError('the region of the table is not known: give --region, or set AWS_REGION', { code: 'usage' });
  } finally {
    close();
  }
}
