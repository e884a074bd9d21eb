import { pino, type DestinationStream, type Logger as PinoLogger, type LoggerOptions } from 'pino';
import { codeOf, isActorError } from '../define/errors.ts';
import { openLineOutput, type LineOutput } from './line-output.ts';
import { maskPasswords } from './mask.ts';
import { isForeseen, reasonOf } from './reason.ts';

export type Logger = PinoLogger;

/** Fields that may hold a secret, whatever object they come in. */
const secrets = ['authorization', 'password', 'secret', 'token', 'cookie'];
const redact = secrets.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]);

const format = {
  redact: { paths: redact, censor: '***' },
  timestamp: isoTimes(),
  formatters: { level: (level) => ({ level }) },
  serializers: { err: describeError },
} satisfies LoggerOptions;

/** What stands in every line, such as the process's roles and id. */
export type LogBase = Readonly<Record<string, string | number>>;

/**
 * A JSON line per entry on `destination` (default: standard output): time in ISO 8601, level as a word. An error that is
 * foreseen, such as an outage, is told in one sentence, any other with its stack.
 */
export function createLogger(level: string, destination?: DestinationStream, base: LogBase = {}): Logger {
  if (destination === undefined)
    return createStandardLogger({ level, base, output: openLineOutput(process.stdout) });
  return pino({ ...format, level, base: { ...base } }, destination);
}

export interface StandardLogging {
  readonly level: string;
  readonly output: LineOutput;
  /** What the JSON lines go through on their way. Default: nothing. */
  readonly through?: DestinationStream;
  readonly base?: LogBase;
}

/** Logs to `output`, and says how many lines it did not take. */
export function createStandardLogger({ level, output, through = output, base }: StandardLogging): Logger {
  const logger = createLogger(level, through, base);
  output.onLost = (lines) =>
    logger.warn({ lines }, `${lines} log lines were lost: they could not be written`);
  return logger;
}

export const silentLogger: Logger = pino({ level: 'silent' });

function describeError(error: unknown): unknown {
  if (isForeseen(error)) {
    const code = isActorError(error) ? { code: codeOf(error) } : {};
    return { ...code, reason: reasonOf(error) };
  }
  if (!(error instanceof Error)) return error;
  const { message, stack, ...rest } = pino.stdSerializers.err(error);
  return { ...rest, message: maskPasswords(message), stack: maskPasswords(stack) };
}

/** As pino's own; but many lines are of one millisecond, whose text is made once. */
function isoTimes(): () => string {
  let writtenAt = Number.NaN;
  let written = '';
  return () => {
    const now = Date.now();
    if (now !== writtenAt) {
      writtenAt = now;
      written = `,"time":"${new Date(now).toISOString()}"`;
    }
    return written;
  };
}
