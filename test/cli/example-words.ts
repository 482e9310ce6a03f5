/** The words of each `windlass` command in an example line: of a pipe its parts, without redirections; quotes as a shell takes them. */
export function windlassCalls(example: string): string[][] {
  const calls: string[][] = [];
  for (const part of splitPipe(example)) {
    const words = part.filter((word) => word !== '');
    const end = words.findIndex((word) => /^\d?(?:>{1,2}|<)/.test(word));
    const call = end < 0 ? words : words.slice(0, end);
    const first = call.findIndex((word) => !/^[A-Z_]+=/.test(word));
    if (call[first] === 'windlass') calls.push(call.slice(first + 1));
  }
  return calls;
}

function splitPipe(line: string): string[][] {
  const parts: string[][] = [[]];
  for (const [token, single, double] of line.matchAll(/'([^']*)'|"([^"]*)"|&&|\||<\(|\)|[^\s'"|&)]+|&/g)) {
    if (['|', '&&', '<(', ')'].includes(token)) parts.push([]);
    else parts.at(-1)!.push(single ?? double ?? token);
  }
  return parts;
}
