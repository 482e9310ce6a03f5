import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSurveyFiles } from '../../../lib/adapters/local/survey-files.ts';
import { temporaryDirectory } from '../git/repos.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('surveys in a directory', () => {
  it('are there for the next process, each under its own key', async () => {
    const directory = join(temporaryDirectory(), 'surveys');
    const store = openSurveyFiles(directory);
    expect(await store.load('github/acme/config/main')).toBeUndefined();
    await store.save('github/acme/config/main', bytes('one'));
    await store.save('github/acme/../../config', bytes('two'));
    await store.save('github/acme/config/main', bytes('three'));
    const next = openSurveyFiles(directory);
    expect(Buffer.from((await next.load('github/acme/config/main'))!).toString()).toBe('three');
    expect(Buffer.from((await next.load('github/acme/../../config'))!).toString()).toBe('two');
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('that cannot be read are an error, not nothing', async () => {
    const directory = temporaryDirectory();
    const store = openSurveyFiles(directory);
    await store.save('key', bytes('one'));
    const [file] = readdirSync(directory);
    const other = temporaryDirectory();
    mkdirSync(join(other, file!));
    await expect(openSurveyFiles(other).load('key')).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(openSurveyFiles(other).save('key', bytes('two'))).rejects.toThrow();
    expect(readdirSync(other)).toEqual([file]);
  });
});
