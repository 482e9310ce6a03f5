import * as z from 'zod';
import { type Challenge, challengesOf } from './challenge.ts';
import type { Credential, Credentials } from './credentials.ts';
import type { Exchange } from './exchange.ts';
import { nextAddress } from './next-address.ts';
import { isLoopback, type Place } from './repository-name.ts';
import { badAnswer, mayPass, noJson, notAllowed, statusTrouble } from './trouble.ts';

/** What a request carries. */
export interface Grant {
  /** The value of `Authorization`. */
  header: string;
  /** With credentials, or as anybody. */
  signedIn: boolean;
  /** Milliseconds since the epoch. */
  until: number;
}

/** What grants are made with. */
export interface AuthorizationOptions {
  exchange: Exchange;
  credentials: Credentials;
  /** Hosts that may be shown a registry's credentials for a token, beyond those of its own domain. By the registry's host. */
  realmHosts: Readonly<Record<string, readonly string[]>>;
  userAgent: string;
  now: () => Date;
}

/** A token without `expires_in` lasts a minute: https://distribution.github.io/distribution/spec/auth/token/ */
const usualSeconds = 60;
/** So that a token does not end on its way. */
const marginSeconds = 10;

const tokenShape = z.looseObject({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.number().nonnegative().nullish(),
});

/** Gets the tokens that registries ask for, and keeps each for its repository until it ends. */
export class Authorization {
  readonly #options: AuthorizationOptions;
  readonly #grants = new Map<string, Held>();

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** What is known to serve; undefined before the registry has asked for anything, and when the token has ended. */
  async current(place: Place): Promise<Grant | undefined> {
    const held = this.#grants.get(keyOf(place));
    if (held === undefined || this.#hasEnded(held)) return undefined;
    // Whoever waits for one that fails asks without, and is told why by the registry.
    return held.promise.catch(() => undefined);
  }

  /** Answers a challenge (401) to a request that carried `used`. Those who ask at once for the same repository get the same grant. */
  renew(place: Place, header: string | null, used: Grant | undefined): Promise<Grant> {
    const key = keyOf(place);
    const held = this.#grants.get(key);
    if (held !== undefined && held.grant !== used && !this.#hasEnded(held)) return held.promise;
    const making: Held = { promise: this.#make(place, header), grant: 'under way' };
    this.#grants.set(key, making);
    making.promise.then(
      (grant) => {
        making.grant = grant;
      },
      () => {
        if (this.#grants.get(key) === making) this.#grants.delete(key);
      },
    );
    return making.promise;
  }

  #hasEnded({ grant }: Held): boolean {
    return grant !== 'under way' && grant.until <= this.#options.now().getTime();
  }

  async #make(place: Place, header: string | null): Promise<Grant> {
    const challenges = challengesOf(header);
    const credential = await this.#options.credentials(place.host);
    const signedIn = credential !== undefined;
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
    const forever = { signedIn, until: Number.POSITIVE_INFINITY };
    if (credential !== undefined && 'token' in credential) {
      return { header: bearerHeader(place, credential.token), ...forever };
    }
    if (bearer !== undefined) return this.#token(place, bearer, credential);
    if (credential !== undefined && challenges.some(({ scheme }) => scheme === 'basic')) {
      return { header: basicHeader(credential), ...forever };
    }
    throw notAllowed(place, `${place.host} answered 401`, signedIn);
  }

  async #token(place: Place, { parameters }: Challenge, credential: Password | undefined): Promise<Grant> {
    const { exchange, now, realmHosts, userAgent } = this.#options;
    const realm = nextAddress(new URL(place.origin), parameters.get('realm')!, 'token');
    if (credential !== undefined && !mayBeTold(place, realm, realmHosts[place.host] ?? [])) {
      throw badAnswer(place, `wants the credentials for it to be sent to ${realm.host}, which is not of its domain`);
    }
    const service = parameters.get('service');
    if (service !== undefined) realm.searchParams.set('service', service);
    realm.searchParams.set('scope', scopeOf(place, parameters.get('scope')));
    const signedIn = credential !== undefined;
    const authorization = credential === undefined ? undefined : basicHeader(credential);
    const headers = { accept: 'application/json', 'user-agent': userAgent, authorization };
    const answer = await exchange.ask({ method: 'GET', url: realm, headers });
    if (mayPass(answer.status)) throw statusTrouble(place, answer, now(), signedIn);
    if (answer.status !== 200) throw notAllowed(place, `${realm.host} answered ${answer.status}`, signedIn);
    const { token, seconds } = readToken(place, answer.bytes);
    const until = now().getTime() + Math.max(seconds - marginSeconds, 1) * 1000;
    return { header: bearerHeader(place, token), signedIn, until };
  }
}

interface Held {
  promise: Promise<Grant>;
  grant: Grant | 'under way';
}

type Password = Exclude<Credential, { token: string }>;

function keyOf({ origin, path }: Place): string {
  return `${origin} ${path}`;
}

/** Windlass only reads: of what a registry names it asks to pull, and for nothing else. */
function scopeOf({ path }: Place, asked: string | undefined): string {
  const named = /^repository(?:\([a-z0-9]+\))?:([^\s:]+(?::\d+\/[^\s:]+)?):[a-z*,]+$/.exec(asked?.trim() ?? '');
  return `repository:${named?.[1] ?? path}:pull`;
}

/** The registry's own host, its siblings and parent (`registry-1.docker.io` and `auth.docker.io`), or one that was named. */
function mayBeTold({ origin }: Place, realm: URL, named: readonly string[]): boolean {
  const own = new URL(origin).hostname;
  if (realm.hostname === own || named.includes(realm.host)) return true;
  if (isLoopback(own) && isLoopback(realm.hostname)) return true;
  const parent = own.slice(own.indexOf('.') + 1);
  if (!parent.includes('.') || /^[\d.]+$/.test(own)) return false;
  return realm.hostname === parent || realm.hostname.endsWith(`.${parent}`);
}

function basicHeader({ username, password }: Password): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** Checked here, because `fetch` quotes a header that it refuses. */
function bearerHeader(place: Place, token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw badAnswer(place, 'needs a token, and the one there is cannot be sent');
  return `Bearer ${token}`;
}

function readToken(place: Place, bytes: Uint8Array): { token: string; seconds: number } {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    // The cause would quote the answer, and so the token.
    throw noJson(place, 'a token', bytes);
  }
  const { data } = tokenShape.safeParse(value);
  const token = data?.token || data?.access_token;
  if (!token) throw badAnswer(place, 'answered a question for a token without one');
  return { token, seconds: data?.expires_in ?? usualSeconds };
}
