/**
 * The schemas of one client of AWS's SDK, so that a bundle has those alone which its commands use: without the register of a class for each error, and with the
 * keys that are constants written out, since a computed key may have an effect, for all that esbuild knows. An error that is in no register is the service's
 * exception, with the name and the message of the answer.
 */
export function slimSchemas(source: string): string {
  const constants = new Map([...source.matchAll(/^const (\w+) = ("\w+");$/gm)].map(([, name, text]) => [name!, text!]));
  return source
    .replace(/^import \{.*\} from "\.\.\/models\/errors";$/m, '')
    .replace(/^n0_registry\.registerError\(.*\);$/gm, '')
    .replace(/\[(\w+)\]:/g, (key, name: string) => (constants.has(name) ? `${constants.get(name)}:` : key));
}
