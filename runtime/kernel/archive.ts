import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AppliedMessage, ArchivePage } from '../storage/state-store.ts';

/*
 * Messages with an idempotency key are remembered for a day, with their answers: far more than belongs in what is
 * written with each turn. So they go, some at a time, into pages that are stored apart and hardly ever written.
 * The answers of one actor are much alike, so a page is a small part of what is in it.
 */

const retentionMs = 24 * 3_600_000;
const maxIds = 1_024;
const maxChars = 44 * 1_024;
const idsPerPage = 32;
/** What deflates badly gets smaller pages: a page is kept or dropped as a whole. */
const fullPageChars = 8 * 1_024;

type Archive = readonly ArchivePage[];

/** With these behind, oldest first, and without what is too old or too much. */
export function withArchived(archive: Archive, messages: readonly AppliedMessage[], now: number): Archive {
  const pages = [...archive];
  const last = pages.at(-1);
  // A page that is not full is made anew: alike answers are small only together.
  if (last?.messages !== undefined && last.ids.length < idsPerPage && last.messages.length < fullPageChars) {
    pages.pop();
    messages = [...messagesOf(last.messages), ...messages];
  }
  for (let from = 0; from < messages.length; from += idsPerPage) {
    pages.push(pageOf(messages.slice(from, from + idsPerPage)));
  }
  return withinBounds(pages, now);
}

/** As it was applied; what was dropped to save room is known by its id alone. */
export function foundIn(archive: Archive, id: string, fingerprint: string): AppliedMessage | undefined {
  for (const { ids, at, messages } of archive) {
    const place = ids.indexOf(id);
    if (place < 0) continue;
    if (messages === undefined) return { id, at, fingerprint, answerDropped: true };
    return messagesOf(messages)[place];
  }
  return undefined;
}

function pageOf(messages: readonly AppliedMessage[]): ArchivePage {
  return {
    at: Math.max(...messages.map(({ at }) => at)),
    ids: messages.map(({ id }) => id),
    messages: deflateRawSync(JSON.stringify(messages)).toString('base64'),
  };
}

function messagesOf(deflated: string): readonly AppliedMessage[] {
  return JSON.parse(inflateRawSync(Buffer.from(deflated, 'base64')).toString()) as AppliedMessage[];
}

/** The youngest have their answers for as long as there is room, those before them are ids, those before are gone. */
function withinBounds(pages: Archive, now: number): Archive {
  const kept: ArchivePage[] = [];
  const idChars = (page: ArchivePage) => page.ids.reduce((sum, id) => sum + id.length + 3, 40);
  const young = pages.filter(({ at }) => at > now - retentionMs);
  let ids = 0;
  let chars = young.reduce((sum, page) => sum + idChars(page), 0);
  for (const page of young.toReversed()) {
    ids += page.ids.length;
    if (ids > maxIds) break;
    chars += page.messages?.length ?? 0;
    kept.push(chars <= maxChars ? page : { at: page.at, ids: page.ids });
  }
  return kept.reverse();
}
