import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawStatechart } from './draw-statechart.ts';
import { loadMachines } from './load-machines.ts';
import { readMachine } from './read-machine.ts';
import { StatechartError } from './statechart.ts';

const help = `Draws a machine of XState 5 as a statechart.

  npx trolley-statechart <file> [options]

  <file>               a module that exports machines (.ts, .mts, .js, .mjs, …; TypeScript by tsx, where it is
                       installed), or JSON: what readMachine() returned, or a machine's definition
  --out <file.svg>     where the picture goes; else to standard output
  --export <name>      which of the machines, where the module exports several
  --left-right         time goes to the right; else downwards
  --no-actions         states, events and guards only, not what is done
  --json               the statechart as data, not the picture
  --help

It ends with 0, with 1 where there is no picture (and says why), with 2 where it was asked in a way it does not know.
`;

interface Output {
  readonly stdout: { write(text: string, done: () => void): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Runs `npx trolley-statechart`; returns its exit code. */
export async function runCommand(args: readonly string[], { stdout, stderr }: Output): Promise<number> {
  const say = (text: string) => new Promise<void>((resolve) => stdout.write(text, resolve));
  let asked: ReturnType<typeof parsed>;
  try {
    asked = parsed(args);
  } catch (error) {
    stderr.write(
      `${error instanceof Error ? error.message : String(error)}\nSee: trolley-statechart --help\n`,
    );
    return 2;
  }
  const { values: options, positionals } = asked;
  if (options.help === true) {
    await say(help);
    return 0;
  }
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) {
    stderr.write(`Name one file that exports a machine.\nSee: trolley-statechart --help\n`);
    return 2;
  }
  try {
    const chart = readMachine(chosen(file, await loadMachines(file), options.export));
    const result =
      options.json === true
        ? `${JSON.stringify(chart, undefined, 2)}\n`
        : await drawStatechart(chart, {
            direction: options['left-right'] === true ? 'left-right' : 'top-down',
            actions: options['no-actions'] !== true,
          });
    if (options.out === undefined) await say(result);
    else write(options.out, result);
    return 0;
  } catch (error) {
    if (!(error instanceof StatechartError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

function parsed(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: 'string', short: 'o' },
      export: { type: 'string' },
      'left-right': { type: 'boolean' },
      'no-actions': { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function chosen(file: string, machines: ReadonlyMap<string, unknown>, name: string | undefined): unknown {
  const names = [...machines.keys()].join(', ');
  if (machines.size === 0) {
    throw new StatechartError(`${file}: exports no machine of XState 5.`);
  }
  if (name !== undefined && !machines.has(name)) {
    throw new StatechartError(`${file}: exports no machine ${name}. There is: ${names}.`);
  }
  if (name === undefined && machines.size > 1) {
    throw new StatechartError(`${file}: exports several machines. Choose one with --export: ${names}.`);
  }
  return name === undefined ? [...machines.values()][0] : machines.get(name);
}

function write(out: string, text: string): void {
  try {
    writeFileSync(out, text);
  } catch (error) {
    throw new StatechartError(`${out}: could not be written: ${(error as Error).message}`, { cause: error });
  }
}
