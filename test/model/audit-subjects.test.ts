import { describe, expect, it } from 'vitest';
import { actorSubjects, imageSubjects, namesOf } from '../../lib/model/audit-subjects.ts';

describe('the subjects of a record', () => {
  it('name who changed something, so that each of the usual names finds it', () => {
    expect(actorSubjects(['kubectl-set', 'Ada L <ada@acme.example>', 'kubectl-set'])).toEqual([
      'actor:kubectl-set',
      'actor:ada@acme.example',
      'actor:ada l',
    ]);
    expect(actorSubjects(['ADA@acme.example', 'Kubectl-Set'])).toEqual(['actor:ada@acme.example', 'actor:kubectl-set']);
    const arn = 'arn:aws:sts::123456789012:assumed-role/Admin/Ada';
    expect(actorSubjects([arn])).toEqual([`actor:${arn.toLowerCase()}`, 'actor:ada']);
    expect(namesOf(arn)[0]).toBe(arn.toLowerCase());
    expect(namesOf('<ada@acme.example>')).toEqual(['ada@acme.example']);
  });

  it('name no part of Windlass itself, and not very many', () => {
    expect(actorSubjects(['windlass', 'windlass bump', 'windlass-checker', ''])).toEqual([]);
    expect(actorSubjects(['windlassian'])).toEqual(['actor:windlassian']);
    const many = Array.from({ length: 300 }, (_, index) => `tool-${index}`);
    expect(actorSubjects(many)).toHaveLength(20);
  });

  it('name an image as far as it is known', () => {
    const ref = { repository: 'ghcr.io/acme/web', tag: '1.4.0', digest: 'sha256:ab' };
    expect(imageSubjects(ref)).toEqual(['ref:ghcr.io/acme/web:1.4.0', 'digest:sha256:ab']);
    expect(imageSubjects({ repository: 'nginx' })).toEqual([]);
  });
});
