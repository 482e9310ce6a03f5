/** Something that a stack of CloudFormation made. */
export interface StackResource {
  /** Its name in the template. */
  id: string;
  /** `AWS::Lambda::Function` */
  type: string;
  /** What AWS calls it: a name, an ARN, the URL of a queue. */
  name: string;
}
