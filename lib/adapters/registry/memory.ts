import type { Answer } from './question.ts';

const mostEntries = 256;
const mostBytes = 16 * 1024 * 1024;

/** Documents with an ETag, so that they need not be sent again: the ones used last, up to 256 and 16 MiB. */
export class Memory {
  readonly #entries = new Map<string, { etag: string; answer: Answer }>();
  #bytes = 0;

  get(address: string): { etag: string; answer: Answer } | undefined {
    const entry = this.#entries.get(address);
    if (entry === undefined) return undefined;
    this.#entries.delete(address);
    this.#entries.set(address, entry);
    return entry;
  }

  keep(address: string, answer: Answer): void {
    const etag = answer.headers.get('etag');
    this.#drop(address);
    if (etag === null) return;
    this.#entries.set(address, { etag, answer });
    this.#bytes += answer.bytes.byteLength;
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= mostEntries && this.#bytes <= mostBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(address: string): void {
    this.#bytes -= this.#entries.get(address)?.answer.bytes.byteLength ?? 0;
    this.#entries.delete(address);
  }
}
