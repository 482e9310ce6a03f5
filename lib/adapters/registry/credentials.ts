/** What a registry is shown: a user with a password or access token, or a bearer token of its own. */
export type Credential = { username: string; password: string } | { token: string };

/**
 * What a host is shown, undefined where it is asked without. The host is as image names have it (`ghcr.io`, `127.0.0.1:5000`), `docker.io` for
 * Docker Hub. Asked again whenever a token has to be renewed, so it may change.
 */
export type Credentials = (host: string) => Promise<Credential | undefined>;
