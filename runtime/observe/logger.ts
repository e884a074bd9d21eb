import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/** Fields that may hold a secret, whatever object they come in. */
const secrets = ['authorization', 'password', 'secret', 'token', 'cookie'];
const redact = secrets.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]);

/** A JSON line per entry on `destination` (default: standard output). */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, redact: { paths: redact, censor: '***' }, base: null };
  return destination === undefined ? pino(options) : pino(options, destination);
}

export const silentLogger: Logger = pino({ level: 'silent' });
