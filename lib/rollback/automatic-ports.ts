import type { AuditRecord } from '../model/audit-record.ts';
import type { Notice } from '../model/messages.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';

/** What a rollback that no person asks for needs beside the repo. Methods throw `RetryableError` where they cannot do it now. */
export interface AutomaticPorts extends RollbackDeps {
  repo: RollbackRepo;
  /** Appends; a record that is there already is left as it is. */
  records: { append(records: AuditRecord[]): Promise<void> };
  /** Puts a message for people on the notify queue; the same one twice is told once. Nobody is told unless given. */
  notices?: { send(notice: Notice): Promise<void> };
}
