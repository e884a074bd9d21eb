import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Clock, Logger } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import { StartProblem } from './start-problem.ts';

/** What a file is: a certificate chain, its private key, the authorities that others are checked against. */
type Part = 'cert' | 'key' | 'ca';

/** PEM texts. */
export type TlsTexts<P extends Part> = Readonly<Record<P, string>>;

/** A path, and the setting that names it. */
interface NamedFile {
  readonly variable: string;
  readonly path: string;
}

export interface TlsFilesOptions<P extends Part> {
  readonly files: Readonly<Record<P, NamedFile>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often the files are read again. Default 5000. */
  readonly everyMs?: number;
}

/**
 * Certificate files that may be replaced while the process runs. They are read again and again rather than watched:
 * a mounted secret changes by a swap of symbolic links, of which a watcher of the file hears nothing.
 */
export class TlsFiles<P extends Part> {
  readonly #options: TlsFilesOptions<P>;
  readonly #listeners: ((texts: TlsTexts<P>) => void)[] = [];
  #current: TlsTexts<P>;
  /** What the last look found wrong, so that it is logged once. */
  #problem: string | undefined;
  #cancel = (): void => {};
  #closed = false;

  private constructor(options: TlsFilesOptions<P>, current: TlsTexts<P>) {
    this.#options = options;
    this.#current = current;
    this.#lookLater();
  }

  /** @throws StartProblem one line: which setting, and what is wrong with its file */
  static async open<P extends Part>(options: TlsFilesOptions<P>): Promise<TlsFiles<P>> {
    return new TlsFiles(options, await readTlsFiles(options.files, options.clock));
  }

  get current(): TlsTexts<P> {
    return this.#current;
  }

  /** Calls `listener` with every new set of files that is whole. */
  onChange(listener: (texts: TlsTexts<P>) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the files again. What is half-written, or does not fit together, changes nothing. */
  async look(): Promise<void> {
    const { files, clock, logger } = this.#options;
    const variables = Object.values<NamedFile>(files).map(({ variable }) => variable);
    try {
      const found = await readTlsFiles(files, clock);
      this.#problem = undefined;
      const parts = Object.keys(files) as P[];
      if (this.#closed || parts.every((part) => found[part] === this.#current[part])) return;
      this.#current = found;
      logger.info({ variables }, 'the certificates have changed; new connections get the new ones');
      for (const listener of this.#listeners) listener(found);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem === this.#problem) return;
      this.#problem = problem;
      logger.warn({ variables, problem }, 'the certificates cannot be used; the old ones stay');
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#cancel = this.#options.clock.schedule(this.#options.everyMs ?? 5_000, () => {
      void this.look().then(() => this.#lookLater());
    });
  }
}

/** The files that there are paths for, each with the setting that names it: `TLS_CERT` for the prefix `TLS`. */
export function namedFiles<P extends Part>(
  prefix: string,
  paths: Readonly<Partial<Record<P, string | undefined>>>,
): Readonly<Record<P, NamedFile>> {
  const given = Object.entries<string | undefined>(paths).flatMap(([part, path]) =>
    path === undefined ? [] : [[part, { variable: `${prefix}_${part.toUpperCase()}`, path }] as const],
  );
  // A set may lack what is not given; it is then read as if there were no such part.
  return Object.fromEntries(given) as Record<P, NamedFile>;
}

/** @throws StartProblem one line: which setting, and what is wrong with its file */
export async function readTlsFiles<P extends Part>(
  files: Readonly<Record<P, NamedFile>>,
  clock: Pick<Clock, 'now'>,
): Promise<TlsTexts<P>> {
  const parts = Object.keys(files) as P[];
  const texts = {} as Record<P, string>;
  // One after the other: of several that can't be read, the first is told of.
  for (const part of parts) texts[part] = await textOf(files[part]);
  for (const part of parts) {
    const problem = problemWith(part, texts, clock.now());
    const { variable, path } = files[part];
    if (problem !== undefined) throw new StartProblem(`${variable}: ${path} ${problem}`);
  }
  return texts;
}

async function textOf({ variable, path }: NamedFile): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : reasonOf(cause);
    throw new StartProblem(`${variable}: ${path} cannot be read: ${reason}`, { cause });
  }
}

function problemWith(part: Part, texts: Partial<TlsTexts<Part>>, now: number): string | undefined {
  const { cert = '', key = '', ca = '' } = texts;
  switch (part) {
    case 'cert':
      return areCertificates(cert) ? expiry(cert, now) : notCertificates;
    case 'ca':
      return areCertificates(ca) ? undefined : notCertificates;
    case 'key':
      if (!isPrivateKey(key)) return 'is not a PEM file of a private key without a passphrase';
      return areCertificates(cert) && !fit(cert, key) ? 'does not belong to the certificate' : undefined;
  }
}

const notCertificates = 'is not a PEM file of certificates';

/** Of the first in the chain, which is shown; a file of authorities may well hold some that are over. */
function expiry(chain: string, now: number): string | undefined {
  const { validTo } = new X509Certificate(chain);
  return Date.parse(validTo) < now ? `has expired: it was valid until ${validTo}` : undefined;
}

const begin = '-----BEGIN CERTIFICATE-----';
const oneCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Every certificate that begins must also end: OpenSSL would pass over one that was written by half. */
function areCertificates(text: string): boolean {
  const whole = text.match(oneCertificate) ?? [];
  if (whole.length === 0 || whole.length !== text.split(begin).length - 1) return false;
  return whole.every((pem) => succeeds(() => new X509Certificate(pem)));
}

const isPrivateKey = (text: string) => succeeds(() => createPrivateKey(text));

const fit = (cert: string, key: string) => succeeds(() => createSecureContext({ cert, key }));

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
