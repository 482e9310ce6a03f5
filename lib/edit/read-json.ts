import { messageOf } from '../model/errors.ts';
import { readYaml } from './read-yaml.ts';
import type { YamlRefusal, YamlText } from './yaml-text.ts';

/** Reads a JSON text, which YAML has in itself: it must be JSON, and the YAML parser tells where its scalars are. */
export function readJson(text: string): YamlText | YamlRefusal {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // The parser quotes the text around the place, which may be a secret.
    return { reason: `the file is no JSON: ${messageOf(error).replace(/, (?:\.\.\.)?"[\s\S]*$/, '')}` };
  }
  const yaml = readYaml(text);
  return 'reason' in yaml ? yaml : { ...yaml, format: 'json' };
}
