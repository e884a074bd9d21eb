/** `viewer` looks; `operator` also acts, in write mode. */
export const consoleRoles = ['viewer', 'operator'] as const;

export type ConsoleRole = (typeof consoleRoles)[number];

/** Who may use the console. */
export interface ConsoleUser {
  readonly name: string;
  readonly role: ConsoleRole;
  /** Of the password, by bcrypt. */
  readonly hash: string;
}

/** What one guess costs an attacker, and one sign-in this process. */
export const bcryptCosts = { least: 10, most: 14 } as const;

const userName = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
const bcryptHash = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

export const isUserName = (text: string): boolean => userName.test(text);

export function isConsoleRole(word: string): word is ConsoleRole {
  return (consoleRoles as readonly string[]).includes(word);
}

/** Reads `name:role:bcrypt-hash,…`. A problem names the entry, and shows nothing of its hash. */
export function readConsoleUsers(text: string): {
  readonly users: readonly ConsoleUser[];
  readonly problems: readonly string[];
} {
  const users: ConsoleUser[] = [];
  const problems: string[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    if (entry.trim() === '') continue;
    const [name = '', role = '', hash = '', ...rest] = entry.trim().split(':');
    const where = `entry ${index + 1}${hash !== '' && isUserName(name) ? ` (${name})` : ''}`;
    const cost = Number(bcryptHash.exec(hash)?.[1]);
    if (hash === '' || rest.length > 0) problems.push(`${where}: wanted name:role:bcrypt-hash`);
    else if (!isUserName(name))
      problems.push(`${where}: wanted a name of letters, digits and . _ @ -, up to 64`);
    else if (!isConsoleRole(role)) problems.push(`${where}: wanted the role ${consoleRoles.join(' or ')}`);
    else if (Number.isNaN(cost))
      problems.push(
        `${where}: its third part is no bcrypt hash, which begins with $2b$ and has 60 characters`,
      );
    else if (cost < bcryptCosts.least || cost > bcryptCosts.most)
      problems.push(
        `${where}: wanted a hash of cost ${bcryptCosts.least} to ${bcryptCosts.most}, got ${cost}`,
      );
    else if (users.some((user) => user.name === name)) problems.push(`${where}: the name is there twice`);
    else users.push({ name, role, hash });
  }
  if (users.length === 0 && problems.length === 0) problems.push('wanted at least one name:role:bcrypt-hash');
  return { users, problems };
}
