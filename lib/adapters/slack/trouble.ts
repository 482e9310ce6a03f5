import { RetryableError, UserError } from '../../model/errors.ts';

/** What passes by itself. */
const passing = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
  'rollup_error',
  'team_added_to_org',
  'org_login_required',
]);

const reinstall = 'install the app in the workspace again, and store its new token in the secret';
const allow = 'ask an administrator of the workspace to let the app post there';

/** What a person has to do, by Slack's names of errors. https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const mendable: Readonly<Record<string, string>> = {
  channel_not_found:
    'check the name in windlass.yaml; a private channel is not found until the bot is invited (/invite)',
  not_in_channel: 'invite the bot to the channel (/invite), or give it the scope chat:write.public',
  is_archived: 'take another channel, or bring this one back',
  channel_is_archived: 'take another channel, or bring this one back',
  missing_scope: 'give the app the scope chat:write and install it again',
  invalid_auth: reinstall,
  not_authed: reinstall,
  account_inactive: reinstall,
  token_revoked: reinstall,
  token_expired: reinstall,
  no_permission: allow,
  restricted_action: allow,
  restricted_action_read_only_channel: allow,
  restricted_action_thread_only_channel: allow,
  restricted_action_non_threadable_channel: allow,
  ekm_access_denied: allow,
  access_denied: allow,
  action_prohibited: allow,
  posting_to_general_channel_denied: allow,
  no_service: 'the incoming webhook was removed or switched off: make another one and store its address in the secret',
  no_service_id: 'the address of the incoming webhook is not whole: store it again in the secret',
  no_team: 'the address of the incoming webhook is not whole: store it again in the secret',
  invalid_token: 'the address of the incoming webhook has changed: store the new one in the secret',
  user_not_found: 'whoever made the incoming webhook has left: make another one',
};

/** That a secret may have been changed since it was read. */
export const authFailures: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'no_service',
  'no_service_id',
  'no_team',
  'invalid_token',
]);

/** That a message to reply to is gone. */
export const threadGone: ReadonlySet<string> = new Set([
  'thread_not_found',
  'cannot_reply_to_message',
  'message_not_found',
]);

/** That a message cannot be changed any more. */
export const notChangeable: ReadonlySet<string> = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
]);

/** That Slack did not like the blocks: it takes the text alone. */
export const badBlocks: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
]);

/** What Slack said by the name of an error, for people. `where` names the channel and the secret, never what is in it. */
export function troubleOf(name: string, where: string): Error {
  const message = `Slack refuses ${where}: ${name}`;
  if (passing.has(name)) return new RetryableError(message, { code: 'slack-trouble', subject: where });
  const todo = mendable[name];
  return new UserError(todo === undefined ? message : `${message}\n${todo}`, {
    code: todo === undefined ? 'slack-refused' : `slack-${name.replaceAll('_', '-')}`,
    subject: where,
  });
}
