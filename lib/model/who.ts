import { printable } from './drift-text.ts';

/** One write request of an API server's audit log, as far as people are told of it. */
export interface WriteRequest {
  /** ISO 8601, UTC: when it was answered. */
  at: string;
  /** `create`, `update`, `patch`, `delete` or `deletecollection`. */
  verb: string;
  /** The ARN of an IAM identity as the log has it; where it has none, the name of the user. */
  person: string;
  /** What it was about where that was not the object itself: its subresource `scale`, its namespace, all of its kind. */
  on?: string;
  userAgent?: string;
  sourceIp?: string;
}

/** What an audit log says about the change of one object. */
export interface ObjectWho {
  /** As `formatObjectId` writes it. */
  object: string;
  /** All that fit, the oldest first: several are candidates, and which of them it was is not known. */
  requests: WriteRequest[];
  /** What is to be known beside them: that there is no such request, that there are more, that the log could not be asked. */
  note?: string;
}

/** What is to be found out about one object of an incident. */
export interface WhoQuestion {
  object: string;
  /** It is not there, or another one is: requests that delete count. */
  gone: boolean;
  /** The tools that `managedFields` name, each with the time of its last change where there is one (RFC 3339). */
  tools: { manager: string; at?: string }[];
  /** Something of it was changed or removed, and nothing says by which tool: any write request may be it. */
  untold: boolean;
}

/** A line for each thing that is known: `apps/Deployment/shop/web: patch by arn:..., kubectl/v1.35.4, from 192.0.2.7, 2026-11-22T12:01:33Z`. */
export function whoLines({ object, requests, note }: ObjectWho): string[] {
  const said = requests.map(({ at, verb, on, person, userAgent, sourceIp }) => {
    const what = on === undefined ? verb : `${verb} of ${on}`;
    const known = [`${what} by ${person}`, userAgent, sourceIp && `from ${sourceIp}`, at.replace(/\.\d+Z$/, 'Z')];
    return known.filter(Boolean).join(', ');
  });
  return [...said, ...(note === undefined ? [] : [note])].map((text) => printable(`${object}: ${text}`));
}
