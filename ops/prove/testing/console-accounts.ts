import { randomBytes } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { bcryptCosts, consoleRoles, type ConsoleRole } from '../../console/auth/console-users.ts';

const password = () => randomBytes(9).toString('base64url');

/** Made up anew by each run. */
export const passwords: Readonly<Record<ConsoleRole, string>> = { operator: password(), viewer: password() };

/** One for each role, named after it. */
export const consoleUsers = consoleRoles.map((role) => ({
  name: role,
  role,
  hash: bcrypt.hashSync(passwords[role], bcryptCosts.least),
}));

/** As `CONSOLE_USERS` takes it. */
export const consoleUsersVariable = consoleUsers
  .map(({ name, role, hash }) => `${name}:${role}:${hash}`)
  .join();
