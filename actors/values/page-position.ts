import { ActorError } from '@trolley/runtime';
import { z } from 'zod';

/** The last moment that ISO 8601 writes with four digits, which is what PostgreSQL reads. */
const lastTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * The last row of a page that is sorted from the newest on, then by id: milliseconds since the epoch and a UUID. The
 * next page begins behind it, whatever is added meanwhile.
 */
const Position = z.tuple([z.int().min(0).max(lastTime), z.guid()]);
export type Position = z.infer<typeof Position>;

export function pageTokenOf(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws ActorError `invalid_page_token` */
export function positionFrom(pageToken: string): Position {
  try {
    return Position.parse(JSON.parse(Buffer.from(pageToken, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new ActorError('invalid_page_token', 'not a page token of this list', { cause });
  }
}
