import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { openLineOutput, type LineOutput } from './line-output.ts';

export type Logger = PinoLogger;

/** Fields that may hold a secret, whatever object they come in. */
const secrets = ['authorization', 'password', 'secret', 'token', 'cookie'];
const redact = secrets.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]);

/** A JSON line per entry on `destination` (default: standard output). */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  if (destination === undefined) return createStandardLogger(level, openLineOutput(process.stdout));
  return pino({ level, redact: { paths: redact, censor: '***' }, base: null }, destination);
}

/** Logs to `output`, by way of `format` where there is one, and says how many lines it did not take. */
export function createStandardLogger(
  level: string,
  output: LineOutput,
  format: DestinationStream = output,
): Logger {
  const logger = createLogger(level, format);
  output.onLost = (lines) =>
    logger.warn({ lines }, `${lines} log lines were lost: they could not be written`);
  return logger;
}

export const silentLogger: Logger = pino({ level: 'silent' });
