/** The names under which the page may be asked for: a name that resolves to this machine by somebody else's DNS is not one (DNS rebinding). */
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Says why a request must be refused, or undefined when it may pass.
 * - Host: a loopback name, with the port that the server listens on.
 * - Anything that changes something: from this very origin (a browser always sends `Origin` with a POST) or from a program that
 *   sends none, and as `application/json`, which no HTML form can send to another origin without being asked first (CSRF).
 */
export function refusal(request: Request, port: number): string | undefined {
  const host = request.headers.get('host') ?? '';
  const allowed = [...loopback].map((name) => `${name}:${port}`);
  if (!allowed.includes(host)) return `Host "${printable(host)}" is not this machine's own page`;
  const origin = request.headers.get('origin');
  if (origin !== null && origin !== `http://${host}`) return `Origin "${printable(origin)}" may not use this page`;
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && !['same-origin', 'none'].includes(site) && request.method !== 'GET')
    return 'a foreign site may not use this page';
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const type = request.headers.get('content-type') ?? '';
    if (!/^application\/json\s*(;|$)/i.test(type)) return 'the body must be application/json';
  }
  return undefined;
}

function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}
