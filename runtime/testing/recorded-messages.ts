import { createLogger, type Logger } from '../observe/logger.ts';

/** A logger for a test, and the messages that it was given, in order. */
export function recordMessages(level: string): { logger: Logger; messages: string[] } {
  const messages: string[] = [];
  const write = (line: string) => void messages.push((JSON.parse(line) as { msg: string }).msg);
  return { logger: createLogger(level, { write }), messages };
}
