import { nearest } from '../process/nearest.ts';
import { variableList } from './variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Edits that still look like a slip; in a short name fewer. */
const slips = (name: string) => (name.length < 8 ? 1 : 2);

/** What those who set it may have put before a name. */
const prefixes = /^(TROLLEY|APP|SHOP)_/;

/** One line for each variable that nobody reads, and that is nearly one of ours. */
export function unknownVariables(env: Environment): string[] {
  return Object.keys(env).flatMap((name) => {
    const meant = meantBy(name);
    return meant === undefined ? [] : [`${name} is not read: is ${meant} meant?`];
  });
}

function meantBy(name: string): string | undefined {
  const known = variableList.map(([each]): string => each);
  if (known.includes(name) || name.startsWith('npm_')) return undefined;
  const bare = name.toUpperCase().replace(prefixes, '');
  return nearest(bare, known, slips(bare));
}
