import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../lib/adapters/kubernetes/status.ts';

const refusal = (message: string) => ({
  status: 422,
  text: '',
  json: { kind: 'Status', reason: 'Invalid', message },
});
const secret = (value: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'shop' },
  data: { '.dockerconfigjson': Buffer.from(value).toString('base64') },
});

describe('a refused Secret', () => {
  it('is told without its value, and without the one character that was no JSON', () => {
    for (const [quoted, value] of [
      ["'C'", 'Canary-7f31'],
      ["'\\''", "'Canary-7f31"],
      ["'\\\\'", '\\Canary-7f31'],
      ["'\\u001b'", '\u001bCanary-7f31'],
    ] as const) {
      const found = `Secret "s" is invalid: data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character ${quoted} looking for beginning of value`;
      const { message } = failureOf(secret(value), refusal(found));
      expect(message).toBe(
        `Secret "s" is invalid: data[.dockerconfigjson]: Invalid value: "***": invalid character '***' looking for beginning of value`,
      );
    }
  });

  it('is told with what other kinds may say', () => {
    const configMap = { ...secret('{'), kind: 'ConfigMap' };
    const message = 'data: Invalid value: "Ca": invalid character \'C\' looking for beginning of value';
    expect(failureOf(configMap, refusal(message)).message).toBe(message);
  });
});
