import type { Mailboxes } from '@trolley/runtime';

/** Whose mailbox it is. */
export interface ShownMailbox {
  readonly type: string;
  readonly key: string;
}

const looks = [
  { order: 'deepest', limit: 25 },
  { order: 'oldest', limit: 15 },
  { state: 'failed', order: 'deepest', limit: 10 },
] as const;

/** Those that were looked for, the deepest, those that wait longest and those with most dead letters, each once. */
export async function chooseMailboxes(
  mailboxes: Pick<Mailboxes, 'list'>,
  lookedFor: readonly ShownMailbox[],
): Promise<readonly ShownMailbox[]> {
  const pages = await Promise.all(looks.map((look) => mailboxes.list(look)));
  const found = [...lookedFor, ...pages.flatMap(({ items }) => items)];
  const each = new Map(found.map(({ type, key }) => [JSON.stringify([type, key]), { type, key }]));
  return [...each.values()];
}
