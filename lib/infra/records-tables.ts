import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, type TablePropsV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/**
 * The two tables of a Windlass, which outlive its stack: an audit that disappears with a clean-up is none. States that carry the number `ttl` (epoch
 * seconds) leave some time after it. The audit knows no such thing: whoever may add to it could let DynamoDB delete what is in it.
 */
export class RecordsTables extends Construct {
  /** What happened: written once, and never changed. */
  readonly audit: TableV2;
  /** What is so now: states, incidents, what was sent where, caches and leases. */
  readonly state: TableV2;

  constructor(scope: Construct, id: string, { encryptionKey }: { encryptionKey?: IKey | undefined } = {}) {
    super(scope, id);
    this.audit = this.#table('Audit', encryptionKey);
    this.state = this.#table('State', encryptionKey, { timeToLiveAttribute: 'ttl' });
  }

  #table(id: string, key: IKey | undefined, more: Pick<TablePropsV2, 'timeToLiveAttribute'> = {}): TableV2 {
    return new TableV2(this, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      ...more,
      billing: Billing.onDemand(),
      encryption: key === undefined ? TableEncryptionV2.awsManagedKey() : TableEncryptionV2.customerManagedKey(key),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
