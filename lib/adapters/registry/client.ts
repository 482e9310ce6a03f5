import type { Authorization, Grant } from './authorization.ts';
import type { Exchange } from './exchange.ts';
import { Memory } from './memory.ts';
import { nextAddress } from './next-address.ts';
import type { Answer, Question } from './question.ts';
import type { Place } from './repository-name.ts';
import { badAnswer, statusTrouble } from './trouble.ts';

/** What the client is made of. */
export interface ClientOptions {
  exchange: Exchange;
  authorization: Authorization;
  userAgent: string;
  now: () => Date;
}

const redirects = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;

/** Asks registries, with what each wants to see, and remembers documents that carry an ETag. */
export class RegistryClient {
  readonly #options: ClientOptions;
  readonly #memory = new Memory();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** A document, or the answer that it is not there (404). Throws as the port says for any other status. */
  async get(place: Place, url: URL, accept: string): Promise<Answer> {
    const known = this.#memory.get(url.href);
    const { answer, grant } = await this.#ask(place, 'GET', url, { accept, 'if-none-match': known?.etag });
    if (answer.status === 304 && known !== undefined) return known.answer;
    if (answer.status !== 200 && answer.status !== 404) throw this.trouble(place, answer, grant);
    if (answer.status === 200) this.#memory.keep(url.href, answer);
    return answer;
  }

  /** As `get` without the document; 405 is given as well, for a registry that knows no HEAD. */
  async head(place: Place, url: URL, accept: string): Promise<Answer> {
    const { answer, grant } = await this.#ask(place, 'HEAD', url, { accept });
    const unknown = answer.status === 404 || answer.status === 405;
    if (answer.status !== 200 && !unknown) throw this.trouble(place, answer, grant);
    return answer;
  }

  /** The error for an answer that cannot be used. */
  trouble(place: Place, answer: Answer, grant?: Grant): Error {
    return statusTrouble(place, answer, this.#options.now(), grant?.signedIn ?? false);
  }

  async #ask(
    place: Place,
    method: 'GET' | 'HEAD',
    url: URL,
    headers: Question['headers'],
  ): Promise<{ answer: Answer; grant: Grant | undefined }> {
    const { authorization } = this.#options;
    const grant = await authorization.current(place);
    const answer = await this.#follow(place, method, url, headers, grant);
    if (answer.status !== 401 || answer.url.origin !== place.origin) return { answer, grant };
    const renewed = await authorization.renew(place, answer.headers.get('www-authenticate'), grant);
    return { answer: await this.#follow(place, method, url, headers, renewed), grant: renewed };
  }

  /** Follows redirects (to the storage of blobs, to a mirror); another origin than the registry's own never sees what the registry is shown. */
  async #follow(
    place: Place,
    method: 'GET' | 'HEAD',
    start: URL,
    headers: Question['headers'],
    grant: Grant | undefined,
  ): Promise<Answer> {
    const { exchange, userAgent } = this.#options;
    let url = start;
    for (let hop = 0; hop <= mostRedirects; hop++) {
      const authorization = url.origin === place.origin ? grant?.header : undefined;
      const shown = { ...headers, 'user-agent': userAgent, authorization };
      const answer = await exchange.ask({ method, url, headers: shown });
      if (!redirects.has(answer.status)) return answer;
      url = nextAddress(url, answer.headers.get('location') ?? '', 'redirect');
    }
    throw badAnswer(place, `redirects more than ${mostRedirects} times`);
  }
}
