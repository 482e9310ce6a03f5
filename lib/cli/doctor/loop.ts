import { looked, note, ok, type Said, wrong } from './finding.ts';

/** A loop of this machine. */
export interface LoopDeps {
  /** Of its page. */
  url: string;
  repo?: string;
  cluster?: string;
  readOnly?: boolean;
  /** The status that the page answers with. Throws where it does not answer. */
  page(): Promise<number>;
  /** One query of its records. */
  queryRecords(): Promise<void>;
}

/** Checks that the loop that runs here answers. */
export async function checkLoop({
  url,
  repo = '',
  cluster = '',
  readOnly,
  page,
  queryRecords,
}: LoopDeps): Promise<Said[]> {
  const [answers, records] = await Promise.all([
    looked('page', () => checkPage(url, page)),
    looked('records', async () => {
      await queryRecords();
      return ok('records', 'they answer a query');
    }),
  ]);
  const about = [repo, cluster].filter(Boolean).join(', ');
  return [
    ...answers,
    ...records,
    ...(readOnly
      ? [note('loop', `it only reads ${about}: nothing is bumped`, 'start it with --push, where commits are meant')]
      : [ok('loop', about || url)]),
  ];
}

async function checkPage(url: string, page: () => Promise<number>): Promise<Said> {
  const restart = 'end it (Ctrl-C) and start it anew: npm start; its state stays';
  try {
    const status = await page();
    return status === 200 ? ok('page', url) : wrong('page', `${url} answers ${status}`, restart);
  } catch {
    return wrong('page', `${url} does not answer, and its process is there`, restart);
  }
}
