import { expect, it } from 'vitest';
import { secretTrouble } from '../../../lib/adapters/aws/secret-trouble.ts';

const wanted = { name: 'slack-bot', reader: 'notify', named: 'windlass.yaml', code: 'notify-secret' };
const refused = (name: string) => Object.assign(new Error('no'), { name });

// A role may read one secret by its name; where it is not there AWS refuses as where it may not be read.
it('a secret that AWS refuses may not be there at all', () => {
  const { message } = secretTrouble(refused('AccessDeniedException'), wanted);
  expect(message).toMatch(/check that there is such a secret .*; else allow the role of notify/);
});

it('a secret that is not there is made as its page says, where there is one', () => {
  const missing = (page?: string) => secretTrouble(refused('ResourceNotFoundException'), { ...wanted, page }).message;
  expect(missing('docs/github.md')).toMatch(/: make it \(docs\/github\.md\), or check its name in windlass\.yaml$/);
  expect(missing()).toMatch(/: check its name in windlass\.yaml$/);
});
