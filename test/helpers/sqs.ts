import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The bodies of all messages in a queue, in the order of a FIFO one; they are taken off it. */
export async function messagesIn(sqs: SQSClient, url: string): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const { Messages: some = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }),
    );
    if (some.length === 0) return all;
    for (const { Body, ReceiptHandle } of some) {
      all.push(Body!);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
  }
}
