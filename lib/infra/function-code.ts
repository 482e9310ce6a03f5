import { fileURLToPath } from 'node:url';
import { FileSystem } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { messageOf, UserError } from '../model/errors.ts';

/** The context that says where else the bundles are: a folder with one for each file in functions/. */
export const functionsContext = 'windlass:functions';

/** Where `npm run bundle:functions` puts them. */
const usual = fileURLToPath(new URL('../../functions.out', import.meta.url));

/** The bundle of a function, by the name of its file in functions/: a folder with `index.mjs`. Throws `UserError` where it is not there. */
export function functionCode(scope: Construct, file: string): Code {
  const given: unknown = scope.node.tryGetContext(functionsContext);
  const folder = `${typeof given === 'string' ? given : usual}/${file}`;
  try {
    FileSystem.fingerprint(`${folder}/index.mjs`);
  } catch (error) {
    const message = `the function ${file} is not bundled: ${messageOf(error)}\nrun npm run bundle:functions`;
    throw new UserError(`${message}, or say where they are by the context "${functionsContext}"`, {
      code: 'no-bundle',
      subject: file,
      cause: error,
    });
  }
  return Code.fromAsset(folder);
}
