import { ShopError } from './error-table.ts';

/** How many tags a request may name. */
const maxTags = 16;
const tag = String.raw`(?:W/)?"[\x21\x23-\x7e]*"`;
const list = new RegExp(`^${tag}(?:[ \\t]*,[ \\t]*${tag})*$`);
const oneTag = new RegExp(tag, 'g');

/** What `ETag` says of a version: a strong tag. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that a request with `If-Match` is for, by RFC 9110: none where a weak or a foreign tag is all there is,
 * `undefined` where any will do, as with `*`, or without the header.
 * @throws ActorError `invalid_request`
 */
export function versionsFrom(ifMatch: string | undefined): number[] | undefined {
  const given = ifMatch?.trim();
  if (given === undefined || given === '*') return undefined;
  const tags = list.test(given) ? (given.match(oneTag) ?? []) : [];
  if (tags.length === 0 || tags.length > maxTags) {
    throw new ShopError('invalid_request', `If-Match: * or 1 to ${maxTags} quoted entity tags`);
  }
  return tags.flatMap((one) => {
    // A tag that left with a content coding is still that of the version.
    const version = /^"(0|[1-9][0-9]{0,15})(?:-gzip|-br)?"$/.exec(one)?.[1];
    return version === undefined || !Number.isSafeInteger(Number(version)) ? [] : [Number(version)];
  });
}

/**
 * The tag in `If-None-Match` that names the same version as `etag`, in any content coding; undefined: none does.
 */
export function knownTag(etag: string | undefined, ifNoneMatch: string | undefined): string | undefined {
  const given = ifNoneMatch?.trim();
  if (given === undefined || etag === undefined) return undefined;
  if (given === '*') return etag;
  const tags = list.test(given) ? (given.match(oneTag) ?? []) : [];
  return tags
    .map((one) => one.replace(/^W\//, ''))
    .find((one) => one === etag || one.replace(/-(?:gzip|br)"$/, '"') === etag);
}
