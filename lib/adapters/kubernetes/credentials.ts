/** What a connection needs: TLS material is used when connecting, headers with each request. */
export interface Credentials {
  tls: {
    ca?: string | Buffer;
    cert?: string | Buffer;
    key?: string | Buffer;
    servername?: string;
    rejectUnauthorized?: boolean;
  };
  /** Of several values each is sent in a header of its own. */
  headers: Record<string, string | string[]>;
}

/** What a kubeconfig says of its current context. */
export interface Kubeconfig {
  server: string;
  proxyUrl?: string | undefined;
  /** May run a plug-in, and cache what it gave. */
  authenticate(): Promise<Credentials>;
}
