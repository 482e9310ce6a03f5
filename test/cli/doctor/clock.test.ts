import { describe, expect, it } from 'vitest';
import { dateAt } from '../../../lib/adapters/local/server-date.ts';
import { awsLimit, checkClocks, clusterLimit, gitHubLimit } from '../../../lib/cli/doctor/clock.ts';
import { standIn } from '../../helpers/stand-in.ts';

/** A server whose clock is so many seconds away from this machine's. */
async function serverAhead(seconds: number): Promise<string> {
  const date = () => new Date(Date.now() + seconds * 1000).toUTCString();
  return (await standIn({ '127.0.0.1': () => ({ status: 403, headers: { date: date() } }) })).url;
}

async function checked(ahead: number, limit: { limit: number; breaks: string }) {
  const url = await serverAhead(ahead);
  const [found] = await checkClocks([{ server: 'it', ...limit, date: () => dateAt(url) }], () => new Date());
  return found!;
}

describe('the clock of this machine', () => {
  it('agrees with a server whose Date says so, whatever else it answers', async () => {
    expect(await checked(0, awsLimit)).toMatchObject({ result: 'ok' });
  });

  it('is wrong where AWS would refuse a signature, and says which way and what to do', async () => {
    const found = await checked(400, awsLimit);
    expect(found).toMatchObject({ result: 'wrong', what: 'clock', mend: expect.stringContaining('timedatectl') });
    expect(found.text).toMatch(/^the clock here is (399|400|401|402) s behind that of it: AWS refuses/);
    expect((await checked(-400, awsLimit)).text).toContain('ahead of');
  });

  it('is wrong sooner for an App of GitHub, and only to be noted for the cluster', async () => {
    expect((await checked(90, gitHubLimit)).result).toBe('wrong');
    expect((await checked(90, clusterLimit)).result).toBe('note');
    expect((await checked(400, clusterLimit)).result).toBe('wrong');
    expect((await checked(30, gitHubLimit)).result).toBe('ok');
  });

  it('is not checked where nobody answers, or tells the time', async () => {
    const nobody = { server: 'it', ...awsLimit, date: () => dateAt('http://127.0.0.1:9/') };
    const mute = { server: 'it', ...awsLimit, date: async () => undefined };
    const found = await checkClocks([nobody, mute], () => new Date());
    expect(found.map(({ result }) => result)).toEqual(['unchecked', 'unchecked']);
    expect((await checkClocks([], () => new Date()))[0]?.result).toBe('unchecked');
  });
});
