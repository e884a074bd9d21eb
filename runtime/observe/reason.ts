import { isActorError, type RuntimeCode } from '../define/errors.ts';
import { maskPasswords } from './mask.ts';

const maxLength = 500;
/** Codes that say that a program is wrong, not the world around it. */
const faults: ReadonlySet<string> = new Set<RuntimeCode>(['internal', 'unknown_actor', 'unknown_message']);

/** Why something failed, for a person: one line with the causes behind it, without a stack and without passwords. */
export function reasonOf(error: unknown): string {
  const reasons: string[] = [];
  for (const each of chainOf(error)) {
    const words = wordsOf(each);
    if (words !== '' && !reasons.some((said) => said.includes(words))) reasons.push(words);
  }
  const line = maskPasswords(reasons.join(': ')).replaceAll(/\s+/g, ' ').trim();
  return line.slice(0, maxLength) || 'for no reason given';
}

/** The error and what caused it, outermost first, each with its code or name; without stacks and passwords. */
export function causesOf(error: unknown): readonly string[] {
  return chainOf(error).map((each) => {
    const kind = isActorError(each) ? each.code : each instanceof Error ? each.name : typeof each;
    return maskPasswords(`${kind}: ${wordsOf(each)}`).slice(0, maxLength);
  });
}

/**
 * Whether this is what servers, networks and callers do now and then: a refusal, an outage, a full disk. Where it came
 * up tells nobody anything, unlike that of a fault in this program.
 */
export function isForeseen(error: unknown): boolean {
  if (isActorError(error)) return !faults.has(error.code);
  return chainOf(error).some((each) => conditionOf(each) !== undefined || isOfServer(each));
}

/** How loud a failure is that will be tried again: an outage is told once by the health of the process. */
export function levelOfRetry(error: unknown): 'debug' | 'warn' {
  return isForeseen(error) ? 'debug' : 'warn';
}

interface Facts {
  readonly code?: unknown;
  readonly address?: unknown;
  readonly hostname?: unknown;
  readonly port?: unknown;
}

/** The error and what caused it, outermost first; of several at once the first. */
function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let each = error; each !== undefined && !chain.includes(each) && chain.length < 8;) {
    chain.push(each);
    const { errors, cause } = (each ?? {}) as { errors?: unknown; cause?: unknown };
    const next: unknown = Array.isArray(errors) ? errors[0] : cause;
    // Some libraries put facts there that are nobody's business.
    each = next instanceof Error ? next : undefined;
  }
  return chain;
}

function wordsOf(error: unknown): string {
  return conditionOf(error) ?? (error instanceof Error ? error.message : String(error));
}

const diskFull = /^(ENOSPC|EDQUOT|SQLITE_FULL|53100|14031)$/;
const lost = /^(Connection is closed\.|Stream isn't writeable|Reached the max retries per request limit)/;

/** In words, where the code of an error says more than its message. */
function conditionOf(error: unknown): string | undefined {
  const { code, address, hostname, port } = (error ?? {}) as Facts;
  const message = error instanceof Error ? error.message : '';
  if (diskFull.test(String(code)) || message.includes('No space left on device')) return 'the disk is full';
  if (message.startsWith('MISCONF ')) return 'it cannot write to its disk (MISCONF)';
  if (message.startsWith('OOM ')) return 'its memory is full (OOM)';
  if (message.startsWith('NOAUTH ')) return 'it wants a password (NOAUTH)';
  if (message.startsWith('WRONGPASS ')) return 'it takes no such user and password (WRONGPASS)';
  if (lost.test(message)) return 'there is no connection';
  if (message === 'Command timed out') return 'no answer in time';
  switch (code) {
    case 'ECONNREFUSED':
      return typeof address === 'string'
        ? `connection refused by ${address}:${String(port)}`
        : 'connection refused';
    case 'ENOTFOUND':
      return `there is no host ${String(hostname)}`;
    case 'EAI_AGAIN':
      return `the host ${String(hostname)} cannot be looked up`;
    case 'ETIMEDOUT':
      return 'no answer in time';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection broke';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to that address';
    case 'EROFS':
      return 'the file system is read-only';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EEXIST':
      return 'something else has that name';
    case 'EISDIR':
      return 'it is a folder';
    case 'ENOTDIR':
      return 'a part of the path is no folder';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many open files';
    default:
      return undefined;
  }
}

/** SQLSTATE classes of connections, accounts, resources, an operator's doing, and the system below; and a missing right. */
const sqlState = /^((08|25|28|3D|53|57|58)[0-9A-Z]{3}|42501)$/;
const sqliteCode = /^SQLITE_(BUSY|LOCKED|READONLY|IOERR|CANTOPEN|PROTOCOL)/;
/** What OpenSSL and Node find wrong with the other side of a TLS connection. */
const tlsCode = /^(EPROTO|ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;
const names =
  /^(Mongo(Network|ServerSelection|WaitQueue|PoolCleared|NotConnected|Topology)|KafkaJS|ReplyError$|ClusterAllFailed|AbortError$)/;
const messages =
  /^(Connection terminated|timeout e(xpired|xceeded)|Query read timeout|The server does not support SSL|SASL: |Client has encountered a connection)/;

function isOfServer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = String((error as Facts).code);
  return (
    [sqlState, sqliteCode, tlsCode].some((codes) => codes.test(code)) ||
    names.test(error.name) ||
    messages.test(error.message)
  );
}
