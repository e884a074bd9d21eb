import { type AskOptions, codeOf, type Logger } from '@trolley/runtime';
import { validTrace } from '@trolley/runtime/adapters';
import type { EventLog, LogRecord, Subscription } from '@trolley/runtime/events';
import { CheckoutCompleted, checkoutCompletedType, checkoutTopic } from './checkout-completed.ts';
import { isCertainlyRefused } from './refusal.ts';

export interface ConsumerDeps {
  readonly log: EventLog;
  readonly logger: Logger;
}

const askTimeoutMs = 10_000;

/** The id of the event names the message, so that a repeated event is applied once. */
export function askOptionsOf({ id, headers }: LogRecord): AskOptions {
  // Others write into the log as well, and what a message carries is stored.
  return { messageId: id, timeoutMs: askTimeoutMs, ...validTrace(headers) };
}

/**
 * Consumes completed checkouts. `handle` resolves once its effect is durable; only then is the offset committed.
 *
 * Events of other types are skipped. What can't be understood, or is refused for good, goes to the dead letters
 * with its reason; what may pass is thrown, so the log brings the record again.
 */
export function consumeCheckoutCompleted(
  { log, logger }: ConsumerDeps,
  group: string,
  handle: (event: CheckoutCompleted, record: LogRecord) => Promise<void>,
): Promise<Subscription> {
  return log.subscribe({
    topic: checkoutTopic,
    group,
    async handle(record) {
      if (record.type !== checkoutCompletedType) return;
      const reject = async (reason: string) => {
        logger.error(
          { group, eventId: record.id, reason },
          'an event cannot be handled and is now a dead letter',
        );
        await log.reject(checkoutTopic, record, reason);
      };
      const event = parse(record.value);
      if (typeof event === 'string') return reject(event);
      try {
        await handle(event, record);
      } catch (error) {
        if (!isCertainlyRefused(error)) throw error;
        await reject(`${codeOf(error)}: ${error.message}`);
      }
    },
  });
}

/** The event, or why it is none. */
function parse(text: string): CheckoutCompleted | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const parsed = CheckoutCompleted.safeParse(value);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}
