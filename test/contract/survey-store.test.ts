import { randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { openSurveyStore } from '../../lib/adapters/aws/survey-store.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';
import { UserError } from '../../lib/model/errors.ts';

describe('the store of surveys on dynalite', () => {
  let server: Awaited<ReturnType<typeof startDynalite>>;
  let client: DynamoDBClient;
  /** Called before each command is sent. */
  let before: (command: string) => Promise<void> = async () => {};

  beforeAll(async () => {
    server = await startDynalite();
    client = new DynamoDBClient({
      endpoint: server.endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    client.middlewareStack.add(
      (next, context) => async (args) => {
        await before(String((context as { commandName?: string }).commandName));
        return next(args);
      },
      { step: 'initialize' },
    );
  });

  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  async function fresh() {
    const table = `surveys-${randomUUID()}`;
    await createRecordsTable(client, table);
    before = async () => {};
    const documents = DynamoDBDocumentClient.from(client);
    const items = async () => {
      const found: Record<string, unknown>[] = [];
      for await (const page of paginateScan({ client: documents }, { TableName: table, ConsistentRead: true })) {
        found.push(...(page.Items ?? []));
      }
      return found;
    };
    const put = (item: Record<string, unknown>) => documents.send(new PutCommand({ TableName: table, Item: item }));
    return { store: openSurveyStore(client, { table }), items, put };
  }

  it.each([0, 1, 349_999, 350_000, 350_001, 1_700_000])('gives %i bytes back as they were', async (size) => {
    const { store, items } = await fresh();
    const content = new Uint8Array(randomBytes(size));
    expect(await store.load('github/acme/config/main')).toBeUndefined();
    await store.save('github/acme/config/main', content);
    expect(await store.load('github/acme/config/main')).toEqual(content);
    expect(await store.load('github/acme/config/other')).toBeUndefined();
    expect(await items()).toHaveLength(Math.max(1, Math.ceil(size / 350_000)));
  });

  it('leaves nothing of the content before', async () => {
    const { store, items } = await fresh();
    await store.save('k', new Uint8Array(randomBytes(1_000_000)));
    await store.save('k', new Uint8Array(randomBytes(900_000)));
    expect(await items()).toHaveLength(3);
    await store.save('k', new Uint8Array([1]));
    expect(await store.load('k')).toEqual(new Uint8Array([1]));
    expect(await items()).toHaveLength(1);
  });

  it('gives a reader one version, although another is written meanwhile', async () => {
    const { store } = await fresh();
    const first = new Uint8Array(randomBytes(800_000));
    const second = new Uint8Array(randomBytes(1_200_000));
    await store.save('k', first);
    let written = false;
    before = async (command) => {
      if (command !== 'QueryCommand' || written) return;
      written = true;
      await store.save('k', second);
    };
    expect(await store.load('k')).toEqual(second);
    expect(written).toBe(true);
  });

  it('lets one of two writers win, whole', async () => {
    const { store, items } = await fresh();
    await store.save('k', new Uint8Array(randomBytes(500_000)));
    const contents = [500_000, 900_000, 1_300_000].map((size) => new Uint8Array(randomBytes(size)));
    await Promise.all(contents.map((content) => store.save('k', content)));
    const found = await store.load('k');
    expect(contents).toContainEqual(found);
    expect(await items()).toHaveLength(Math.ceil(found!.length / 350_000));
  });

  it('says that something is broken, and is mended by the next content', async () => {
    const { store, put, items } = await fresh();
    await store.save('k', new Uint8Array(randomBytes(700_001)));
    const chunk = (await items()).find((item) => String(item['sk']).startsWith('chunk#'))!;
    await put({ ...chunk, content: new Uint8Array([1, 2, 3]) });
    await expect(store.load('k')).rejects.toThrow(UserError);
    await put({ pk: 'survey#k', sk: 'head', format: 2 });
    await expect(store.load('k')).rejects.toThrow(UserError);
    await store.save('k', new Uint8Array([7]));
    expect(await store.load('k')).toEqual(new Uint8Array([7]));
  });
});
