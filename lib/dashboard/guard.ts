/** The names under which the page may be asked for: a name that resolves to this machine by somebody else's DNS is not one (DNS rebinding). */
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Says why a request must be refused, or undefined when it may pass: it is foreign, or changes something and is not `application/json`, which
 * no HTML form can send to another origin without being asked first (CSRF).
 */
export function refusal(request: Request, port: number): string | undefined {
  const foreign = foreignness(request, port);
  if (foreign !== undefined) return foreign;
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  const type = request.headers.get('content-type') ?? '';
  return /^application\/json\s*(;|$)/i.test(type) ? undefined : 'the body must be application/json';
}

/**
 * Says that a request comes from elsewhere, or undefined.
 * - Host: a loopback name, with the port that the server listens on.
 * - Origin: this very one (a browser always sends it with a POST), or none, as programs do.
 */
export function foreignness(request: Request, port: number): string | undefined {
  const host = request.headers.get('host') ?? '';
  const allowed = [...loopback].map((name) => `${name}:${port}`);
  if (!allowed.includes(host)) return `Host "${printable(host)}" is not this machine's own page`;
  const origin = request.headers.get('origin');
  if (origin !== null && origin !== `http://${host}`) return `Origin "${printable(origin)}" may not use this page`;
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && !['same-origin', 'none'].includes(site) && request.method !== 'GET')
    return 'a foreign site may not use this page';
  return undefined;
}

function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}
