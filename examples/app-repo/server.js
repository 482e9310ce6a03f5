import { createServer } from 'node:http';

/** Answers every request with a greeting. */
export function app() {
  return createServer((request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(request.url === '/healthz' ? 'ok\n' : 'Hello from Windlass\n');
  });
}

if (import.meta.main) app().listen(Number(process.env.PORT ?? 8080));
