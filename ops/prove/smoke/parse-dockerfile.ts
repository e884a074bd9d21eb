import { DockerfileParser, ModifiableInstruction, type Instruction } from 'dockerfile-ast';
import { StartProblem } from '../../shop/process/start-problem.ts';

/** One instruction, as far as a smoke test knows it. */
export type Step = { readonly line: number; readonly text: string } & (
  | { readonly kind: 'workdir'; readonly path: string }
  | {
      readonly kind: 'copy';
      /** A stage; undefined: the build context. */
      readonly from: string | undefined;
      /** `uid:gid` */
      readonly owner: string;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'env'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'volume'; readonly paths: readonly string[] }
  | { readonly kind: 'stopsignal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'entrypoint'; readonly command: readonly string[] }
  | { readonly kind: 'healthcheck'; readonly command: readonly string[] }
  | { readonly kind: 'expose' }
);

export interface Stage {
  readonly name: string | undefined;
  readonly base: string;
  readonly steps: readonly Step[];
}

/**
 * Reads a Dockerfile. What a smoke test could only skip is refused, since skipping would prove nothing.
 *
 * @throws StartProblem with the line
 */
export function parseDockerfile(text: string): Stage[] {
  const stages: { name: string | undefined; base: string; steps: Step[] }[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const [base = '', , name] = valuesOf(instruction);
      stages.push({ name, base, steps: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw refusal(instruction, 'stands before the first FROM');
      stage.steps.push(stepOf(instruction));
    }
  }
  return stages;
}

function stepOf(instruction: Instruction): Step {
  const content = instruction.getArgumentsContent() ?? '';
  const values = valuesOf(instruction);
  const origin = { line: lineOf(instruction), text: `${instruction.getKeyword()} ${content}` };
  switch (instruction.getKeyword()) {
    case 'WORKDIR':
      return { ...origin, kind: 'workdir', path: literal(instruction, content) };
    case 'COPY': {
      const { from, chown = '0:0' } = flagsOf(instruction, ['from', 'chown']);
      const sources = values.map((value) => literal(instruction, value));
      const target = sources.pop() ?? '';
      return { ...origin, kind: 'copy', from, owner: chown, sources, target };
    }
    case 'RUN':
      flagsOf(instruction, []);
      if (content.startsWith('<<')) throw refusal(instruction, 'has a here-document');
      return { ...origin, kind: 'run', command: content };
    case 'ENV':
      return {
        ...origin,
        kind: 'env',
        values: Object.fromEntries(values.map((pair) => split(instruction, pair))),
      };
    case 'USER':
      return { ...origin, kind: 'user', user: literal(instruction, content) };
    case 'VOLUME':
      return { ...origin, kind: 'volume', paths: execForm(instruction, content) };
    case 'STOPSIGNAL':
      return { ...origin, kind: 'stopsignal', signal: content as NodeJS.Signals };
    case 'ENTRYPOINT':
      return { ...origin, kind: 'entrypoint', command: execForm(instruction, content) };
    case 'HEALTHCHECK':
      return {
        ...origin,
        kind: 'healthcheck',
        command: execForm(instruction, content.replace(/^CMD\s+/, '')),
      };
    case 'EXPOSE':
      return { ...origin, kind: 'expose' };
    default:
      throw refusal(instruction, 'is not known to the smoke test');
  }
}

function split(instruction: Instruction, pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw refusal(instruction, 'is not NAME=value');
  return [pair.slice(0, at), literal(instruction, pair.slice(at + 1))];
}

/** A shell would stand between the signals and the program, and there is none in the image. */
function execForm(instruction: Instruction, content: string): string[] {
  try {
    const command: unknown = JSON.parse(content);
    if (Array.isArray(command) && command.every((word) => typeof word === 'string')) return command;
  } catch {
    // Not JSON: the shell form.
  }
  throw refusal(instruction, 'is not in the exec form ["…"]');
}

function literal(instruction: Instruction, value: string): string {
  if (/[$*?"'\\]/.test(value)) throw refusal(instruction, `has ${value}, which is not plain`);
  return value;
}

function flagsOf<Name extends string>(
  instruction: Instruction,
  known: readonly Name[],
): Partial<Record<Name, string>> {
  if (!(instruction instanceof ModifiableInstruction)) return {};
  const flags: Partial<Record<Name, string>> = {};
  for (const flag of instruction.getFlags()) {
    const name = known.find((candidate) => candidate === flag.getName());
    if (name === undefined)
      throw refusal(instruction, `has --${flag.getName()}, which is not known to the smoke test`);
    flags[name] = flag.getValue() ?? '';
  }
  return flags;
}

function valuesOf(instruction: Instruction): string[] {
  return instruction.getArguments().map((argument) => argument.getValue());
}

function lineOf(instruction: Instruction): number {
  return instruction.getRange().start.line + 1;
}

function refusal(instruction: Instruction, why: string): StartProblem {
  return new StartProblem(`Dockerfile, line ${lineOf(instruction)}: ${instruction.getKeyword()} ${why}.`);
}
