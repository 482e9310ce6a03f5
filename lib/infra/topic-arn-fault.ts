/** A topic's name, as SNS allows it. */
export const topicName = '[A-Za-z0-9_-]{1,250}(?:\\.fifo)?';

/** The parts of a topic's ARN after `arn:`, in their order, and what a wrong one is told. */
const parts = [
  { name: 'partition', pattern: /^aws[a-z-]*$/, fault: 'is not aws, aws-cn or the like' },
  { name: 'service', pattern: /^sns$/, fault: 'is not sns' },
  { name: 'Region', pattern: /^[a-z0-9-]+$/, fault: 'is none' },
  { name: 'account', pattern: /^\d{12}$/, fault: 'is not 12 digits' },
  { name: 'name', pattern: new RegExp(`^${topicName}$`), fault: 'is not up to 250 letters, digits, - and _' },
];

/** What is malformed in the ARN of an SNS topic, to end a message with: `: its account "1" is not 12 digits`. Empty for what begins like no ARN. */
export function topicArnFault(topic: unknown): string {
  if (typeof topic !== 'string' || !topic.startsWith('arn:')) return '';
  const [, partition = '', service = '', Region = '', account = '', ...rest] = topic.split(':');
  const values: Record<string, string> = { partition, service, Region, account, name: rest.join(':') };
  const wrong = parts.find(({ name, pattern }) => !pattern.test(values[name]!));
  return wrong === undefined ? '' : `: its ${wrong.name} ${JSON.stringify(values[wrong.name])} ${wrong.fault}`;
}
