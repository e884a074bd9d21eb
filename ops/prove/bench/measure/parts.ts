import { UsageProblem } from '../../../shop/process/start-problem.ts';

/* `--only NAMES`: the parts of a bench that are measured. */

/** The lines of a help, with one for each part. */
export function onlyHelp(parts: Readonly<Record<string, string | { readonly about: string }>>): string {
  const lines = Object.entries(parts).map(([name, part]) => {
    const about = typeof part === 'string' ? part : part.about;
    return `                    ${name.padEnd(11)}${about}\n`;
  });
  return `  --only NAMES    some of these, with commas between:\n${lines.join('')}`;
}

/**
 * Those that are named; without names all of them.
 * @throws UsageProblem
 */
export function chosenParts<Name extends string>(
  parts: Readonly<Record<Name, unknown>>,
  only: string | undefined,
): Name[] {
  const isPart = (name: string): name is Name => Object.hasOwn(parts, name);
  const known = Object.keys(parts);
  return (only?.split(',') ?? known).map((name) => {
    if (isPart(name)) return name;
    throw new UsageProblem(`--only knows ${known.join(', ')}, not '${name}'.`);
  });
}
