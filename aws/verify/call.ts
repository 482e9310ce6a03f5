import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../../lib/adapters/aws/sha256.ts';

/** A request to a service that Windlass itself has no client of. */
export interface Call {
  /** As its host begins, and as it is signed: `lambda`, `monitoring`. */
  service: string;
  method?: 'GET' | 'POST';
  path?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string;
}

/** What a service answered with 2xx. */
export interface Answered {
  headers: Headers;
  text: string;
}

/** Sends signed requests to one Region, as whoever the SDK's own chain finds. */
export type Send = (call: Call) => Promise<Answered>;

/** Opens AWS's services of a Region. What it gives throws with the service's words where it is refused. */
export function openSend(region: string): Send {
  const credentials = fromNodeProviderChain();
  return async ({ service, method = 'POST', path = '/', query = {}, headers = {}, body }) => {
    const endpoint = new URL(process.env['AWS_ENDPOINT_URL'] || `https://${service}.${region}.${suffixOf(region)}`);
    const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
    const signed = await signer.sign({
      ...{ method, path, query, body, protocol: endpoint.protocol, hostname: endpoint.hostname },
      headers: { host: endpoint.host, ...headers },
    });
    const url = new URL(path, endpoint);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { host: _, ...rest } = signed.headers;
    const response = await fetch(url, { method, headers: rest, body, signal: AbortSignal.timeout(320_000) });
    const text = await response.text();
    if (response.ok) return { headers: response.headers, text };
    throw new Error(`${service} answered ${response.status}: ${text.slice(0, 500)}`);
  };
}

/** A request of the older services, whose answers are XML: `Action=DescribeAlarms`. */
export function queryCall(service: string, version: string, action: string, more: Record<string, string> = {}): Call {
  return {
    service,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ Action: action, Version: version, ...more }).toString(),
  };
}

function suffixOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
