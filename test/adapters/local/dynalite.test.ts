import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordsTable } from '../../../lib/adapters/aws/dynamo-create.ts';
import { DynamoRecords } from '../../../lib/adapters/aws/dynamo-records.ts';
import { startDynalite } from '../../../lib/adapters/local/dynalite.ts';

const record = (id: string) => ({
  id,
  at: '2026-11-22T12:00:00.000Z',
  kind: 'synced' as const,
  actor: 'test',
  subjects: [],
  result: 'ok' as const,
  summary: id,
});

async function recordsOf(endpoint: string) {
  const client = new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const tables = { audit: 'audit', state: 'state' };
  for (const table of [tables.audit, tables.state]) await createRecordsTable(client, table);
  return { client, records: new DynamoRecords(client, { tables, onUnreadable: () => {} }) };
}

describe('the embedded DynamoDB API', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'windlass-dynalite-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('keeps its data in a directory over a restart', async () => {
    const path = join(directory, 'restart', 'records');
    const first = await startDynalite({ path });
    const one = await recordsOf(first.endpoint);
    await one.records.append([record('a')]);
    one.client.destroy();
    await first.stop();
    const second = await startDynalite({ path });
    const two = await recordsOf(second.endpoint);
    expect(await two.records.timeline({ limit: 5 })).toHaveLength(1);
    two.client.destroy();
    await second.stop();
  });

  it('stops while a client keeps its connection open', async () => {
    const server = await startDynalite();
    const { client, records } = await recordsOf(server.endpoint);
    await records.append([record('a')]);
    await server.stop();
    client.destroy();
  });

  it('refuses a directory that another process uses, and takes it over after that one was killed', async () => {
    const path = join(directory, 'killed');
    const script = join(directory, 'serve.ts');
    await writeFile(
      script,
      `import { startDynalite } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/adapters/local/dynalite.ts'))};
       const { endpoint } = await startDynalite({ path: ${JSON.stringify(path)} });
       console.log(endpoint);`,
    );
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const { client, records } = await recordsOf(line.toString().trim());
      await records.append([record('a'), record('b')]);
      client.destroy();
      await expect(startDynalite({ path })).rejects.toMatchObject({ code: 'records-in-use' });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const server = await startDynalite({ path });
    const { client, records } = await recordsOf(server.endpoint);
    expect(await records.timeline({ limit: 5 })).toHaveLength(2);
    client.destroy();
    await server.stop();
  });

  it('says that a port is taken', async () => {
    const server = await startDynalite();
    const port = Number(new URL(server.endpoint).port);
    await expect(startDynalite({ port })).rejects.toMatchObject({ code: 'port-in-use' });
    await server.stop();
  });
});
