import { variableList, type Variable, type VariableName } from './variables.ts';

const shownDefault = ({ fallback, shown }: Variable<unknown>) => shown ?? fallback ?? 'unset';
const plain = (markdown: string) => markdown.replaceAll('`', '');

/** What `npm start -- --help` prints. */
export function renderHelp(width = 100): string {
  const nameWidth = Math.max(...variableList.map(([name]) => name.length)) + 2;
  const lines = [
    'Trolley: carts and checkouts as an actor cluster.',
    '',
    'Usage: npm start [-- --help | --version]',
    '',
    ...wrap('Everything is set by environment variables, or in a file .env (the environment wins).', width),
  ];
  for (const [group, members] of groups()) {
    lines.push('', group);
    for (const [name, variable] of members) {
      const words = `${plain(variable.meaning)} [${plain(shownDefault(variable))}]`;
      const [first = '', ...more] = wrap(words, width - nameWidth - 2);
      lines.push(`  ${name.padEnd(nameWidth)}${first}`);
      lines.push(...more.map((line) => ' '.repeat(nameWidth + 2) + line));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The guide's table. */
export function renderMarkdown(): string {
  const rows = variableList.map(([name, variable]) => {
    const value = variable.shown ?? `\`${variable.fallback ?? ''}\``;
    return `| \`${name}\` | ${value} | ${variable.meaning} |`;
  });
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}

/** `.env.example`: every variable, commented out. */
export function renderEnvExample(): string {
  const lines = ['# Copy to .env and uncomment what you change. The environment wins over this file.'];
  for (const [group, members] of groups()) {
    lines.push('', `## ${group}`);
    for (const [name, variable] of members) {
      const note = variable.fallback === undefined ? ` (default: ${plain(shownDefault(variable))})` : '';
      lines.push(`# ${plain(variable.meaning)}${note}`, `#${name}=${variable.fallback ?? ''}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const tableStart = '<!-- config:start -->';
const tableEnd = '<!-- config:end -->';

/** The document with a fresh table between its marks, or with both at its end where it has none. */
export function withTable(document: string): string {
  const [start, end] = [document.indexOf(tableStart), document.indexOf(tableEnd)];
  const table = `${tableStart}\n${renderMarkdown()}\n${tableEnd}`;
  if (start < 0 || end < start) return `${document}\n${table}\n`;
  return document.slice(0, start) + table + document.slice(end + tableEnd.length);
}

function groups(): Map<string, [VariableName, Variable<unknown>][]> {
  const found = new Map<string, [VariableName, Variable<unknown>][]>();
  for (const [name, variable] of variableList) {
    const members = found.get(variable.group) ?? [];
    members.push([name, variable]);
    found.set(variable.group, members);
  }
  return found;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
