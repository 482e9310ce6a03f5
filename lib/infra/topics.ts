import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { topicNameOf } from './check-other-props.ts';
import type { WindlassProps } from './windlass-props.ts';

/** The topics that notices and alarms go to. */
export class WindlassTopics extends Construct {
  /** Those that windlass.yaml's routes may name, by name. */
  readonly byName: ReadonlyMap<string, ITopic>;
  /** Where alarms go: one of them, one that was there, or one of the stack's own. */
  readonly alarms: ITopic;

  constructor(
    scope: Construct,
    id: string,
    { topics = [], alarmTopic }: Pick<WindlassProps, 'topics' | 'alarmTopic'>,
    encryptionKey: IKey | undefined,
  ) {
    super(scope, id);
    const make = (name: string) => this.#make(name, name, encryptionKey);
    this.byName = new Map(topics.map((topic) => [topicNameOf(topic), this.#find(topic) ?? make(topic)]));
    this.alarms =
      alarmTopic === undefined
        ? this.#make('Alarms', undefined, encryptionKey)
        : (this.byName.get(alarmTopic) ?? Topic.fromTopicArn(this, 'AlarmTopic', alarmTopic));
  }

  #make(id: string, topicName: string | undefined, masterKey: IKey | undefined): Topic {
    const order = topicName?.endsWith('.fifo') ? { fifo: true } : {};
    return new Topic(this, id, { ...order, enforceSSL: true, ...(topicName && { topicName }), masterKey });
  }

  #find(topic: string): ITopic | undefined {
    return topic.startsWith('arn:') ? Topic.fromTopicArn(this, topicNameOf(topic), topic) : undefined;
  }
}
