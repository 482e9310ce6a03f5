/** An https address that is opened with a token, as GitHub, GitLab and others give them to machines. */
export interface TokenAccess {
  kind: 'token';
  /**
   * Asked before each call of git; keeps a token for as long as it is good. `refused`: the one that the host has just not taken. The same one
   * again as answer means that there is no other. What it throws ends the call.
   */
  token(refused?: string): Promise<string>;
  /** The user that the host wants beside it; `x-access-token` unless told, which GitHub wants and others do not mind. */
  username?: string;
}

/** An ssh address that is opened with a key of its own. The agent, the keys and the configuration of the user who runs Windlass are left out. */
export interface SshAccess {
  kind: 'ssh';
  /** PEM or OpenSSH format, without a passphrase. Asked before each call of git. */
  privateKey(): Promise<string>;
  /** Lines as in a known_hosts file. A host that has none here, or another key, is refused. */
  knownHosts: string;
}

/** How the config repo is opened. `none`: by what the address itself has, and for ssh by the agent and keys of the user who runs Windlass. */
export type GitAccess = TokenAccess | SshAccess | { kind: 'none' };
