/** One instruction of a Dockerfile: `COPY` and `bundle /app/`. */
export interface Instruction {
  name: string;
  text: string;
}

/** What stands between one FROM and the next. */
export interface Stage {
  base: string;
  name?: string;
  instructions: Instruction[];
}

/** Reads a Dockerfile as far as its stages and instructions go. */
export function readDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(?:#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
  const stages: Stage[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    const from = name === 'FROM' ? /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) : undefined;
    if (from) stages.push({ base: from[1]!, ...(from[2] !== undefined && { name: from[2] }), instructions: [] });
    else stages.at(-1)?.instructions.push({ name, text: rest });
  }
  return stages;
}

/** One COPY: from a stage, or from the folder that the image is built in. */
export interface Copy {
  stage?: string;
  from: string;
  to: string;
}

/** What a container of the image is made of, as far as the last stage says so. */
export interface ImageParts {
  copies: Copy[];
  env: Record<string, string>;
  user: string;
  entrypoint: string[];
  /** Lines that are added to /etc/passwd. */
  passwd: string[];
}

/** Reads the last stage. Throws on what is not understood, so that no instruction is passed over. */
export function imageParts(stages: readonly Stage[]): ImageParts {
  const parts: ImageParts = { copies: [], env: {}, user: 'root', entrypoint: [], passwd: [] };
  const read: Record<string, (text: string) => void> = {
    LABEL: () => undefined,
    RUN: (text) =>
      parts.passwd.push(...[...text.matchAll(/echo '([^']+)' >> \/etc\/passwd/g)].map(([, line]) => line!)),
    COPY: (text) => parts.copies.push(copyOf(text)),
    ENV: (text) => Object.assign(parts.env, Object.fromEntries(text.split(/\s+/).map((pair) => pair.split('=')))),
    USER: (text) => {
      parts.user = text;
    },
    ENTRYPOINT: (text) => {
      parts.entrypoint = JSON.parse(text);
    },
  };
  for (const { name, text } of stages.at(-1)!.instructions) {
    if (read[name] === undefined) throw new Error(`${name} in the last stage is not understood`);
    read[name](text);
  }
  return parts;
}

function copyOf(text: string): Copy {
  const [, stage, from, to] = /^(?:--from=(\S+)\s+)?(?:--chmod=0755\s+)?([^-\s]\S*)\s+(\S+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) throw new Error(`COPY ${text} is not understood`);
  return { ...(stage !== undefined && { stage }), from, to };
}
