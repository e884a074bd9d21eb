import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { sentAs, type Body } from '../money-json.ts';
import type { Answer } from './answer.ts';

type Coding = 'br' | 'gzip';

/** Shorter answers fit into a packet or two as they are. */
const minBytes = 1024;
/** Better ones take several times as long for a few percent. */
const brotliQuality = 4;

const coders: Readonly<Record<Coding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) =>
    promisify<Buffer, object, Buffer>(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality },
    }),
  gzip: (bytes) => promisify<Buffer, object, Buffer>(gzip)(bytes, {}),
};

/**
 * Answers as their readers have said that they may be coded. What is sent as the very same bytes again is coded once,
 * and not on the event loop.
 */
export function createContentCoding(): (
  answer: Answer,
  acceptEncoding: string | undefined,
) => Answer | Promise<Answer> {
  const coded: Readonly<Record<Coding, WeakMap<Body, Promise<Body>>>> = {
    br: new WeakMap(),
    gzip: new WeakMap(),
  };
  return (answer, acceptEncoding) => {
    const { body } = answer;
    if (body === undefined || body.length < minBytes) return answer;
    // Also where it leaves as it is: whoever keeps it has to know that others get another form.
    const headers = [...answer.headers, 'Vary', 'Accept-Encoding'];
    const coding = acceptEncoding === undefined ? undefined : codingFor(acceptEncoding);
    if (coding === undefined) return { ...answer, headers };
    let bytes = coded[coding].get(body);
    if (bytes === undefined) {
      bytes = codedAs(coding, body);
      coded[coding].set(body, bytes);
    }
    return bytes.then((sent) => ({
      ...answer,
      headers: [...headers.map((value, i) => (headers[i - 1] === 'ETag' ? ofForm(value, coding) : value)), 'Content-Encoding', coding], // prettier-ignore
      body: sent,
    }));
  };
}

async function codedAs(coding: Coding, { sent }: Body): Promise<Body> {
  const bytes = await coders[coding](typeof sent === 'string' ? Buffer.from(sent, sentAs) : sent);
  return { sent: bytes, length: bytes.length };
}

/** Two forms of one version have two strong tags; `versionsFrom` reads both. */
function ofForm(etag: string, coding: Coding): string {
  return etag.replace(/"$/, `-${coding}"`);
}

/** By RFC 9110: what has the highest weight, brotli where both have the same; nothing that was not asked for. */
export function codingFor(acceptEncoding: string): Coding | undefined {
  const weights = new Map<string, number>();
  for (const one of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', ...parameters] = one.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const weight = q === undefined ? 1 : Number(q);
    if (weight >= 0 && weight <= 1) weights.set(name === 'x-gzip' ? 'gzip' : name, weight);
  }
  const weightOf = (coding: Coding) => weights.get(coding) ?? weights.get('*') ?? 0;
  const [br, gz] = [weightOf('br'), weightOf('gzip')];
  if (Math.max(br, gz) === 0) return undefined;
  return br >= gz ? 'br' : 'gzip';
}
