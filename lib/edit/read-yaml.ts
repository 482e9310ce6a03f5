import { readFast } from './yaml-fast.ts';
import type { YamlRefusal, YamlText } from './yaml-text.ts';
import { readTolerant } from './yaml-tolerant.ts';

/**
 * Parses a YAML text. Gives a reason where it does not parse or grows beyond measure through aliases.
 * The fast parser refuses a closing bracket that is not indented, which everybody writes and every Kubernetes tool reads: then the slower one is asked.
 */
export function readYaml(text: string): YamlText | YamlRefusal {
  const read = readFast(text);
  return 'reason' in read && read.reason.startsWith('deficient indentation') ? named(readTolerant(text)) : named(read);
}

function named(read: YamlText | YamlRefusal): YamlText | YamlRefusal {
  return 'reason' in read ? { reason: `the file does not parse: ${read.reason}` } : read;
}
