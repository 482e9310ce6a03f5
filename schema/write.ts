// Writes the JSON Schema of windlass.yaml beside this file: node schema/write.ts
import { writeFile } from 'node:fs/promises';
import { jsonSchema } from '../lib/config/schema.ts';

await writeFile(new URL('windlass.schema.json', import.meta.url), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
