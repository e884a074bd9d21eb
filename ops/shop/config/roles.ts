/** What one process can do; each may run in a process of its own. */
export const roles = [
  'gateway',
  'node',
  'relay',
  'consumers',
  'product',
  'inventory',
  'payment',
  'grpc',
  'console',
] as const;

export type Role = (typeof roles)[number];

export function isRole(word: string): word is Role {
  return (roles as readonly string[]).includes(word);
}

/** As `ROLES` would be written. */
export function roleNames(some: ReadonlySet<Role>): string {
  return some.size === roles.length ? 'all' : [...some].join();
}
