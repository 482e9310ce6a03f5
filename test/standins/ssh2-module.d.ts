/** The part of ssh2 that the tests use: a server that takes keys and runs one program. */
declare module 'ssh2' {
  import type { EventEmitter } from 'node:events';
  import type { Server as NetServer } from 'node:net';
  import type { Duplex, Writable } from 'node:stream';

  export interface ParsedKey {
    type: string;
    getPublicSSH(): Buffer;
    verify(data: Buffer, signature: Buffer, hash?: string): boolean;
  }

  export interface AuthContext {
    method: string;
    username: string;
    key: { algo: string; data: Buffer };
    signature?: Buffer;
    blob?: Buffer;
    hashAlgo?: string;
    accept(): void;
    reject(methods?: string[]): void;
  }

  export interface Channel extends Duplex {
    stderr: Writable;
    exit(code: number): void;
    close(): void;
  }

  export interface Connection extends EventEmitter {
    end(): void;
  }

  export class Server extends NetServer {
    constructor(options: { hostKeys: string[] }, listener: (connection: Connection) => void);
  }

  export const utils: {
    generateKeyPairSync(type: 'ed25519'): { private: string; public: string };
    parseKey(key: string): ParsedKey;
  };
}
