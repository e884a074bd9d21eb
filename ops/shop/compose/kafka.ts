import { type Logger, systemClock } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import { type ConnectToBroker, KafkaEventLog, overTcp, overTls } from '@trolley/runtime/kafka';
import type { KafkaConfig } from '../config/config.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { StartProblem } from '../process/start-problem.ts';
import { namedFiles, TlsFiles } from '../process/tls-files.ts';

/** The event log on the Kafka that the configuration names. */
export async function startKafkaEventLog(
  { brokers, tls, sasl }: KafkaConfig,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<KafkaEventLog> {
  const connect = tls === undefined ? overTcp : await startTls(tls.ca, lifecycle, logger);
  return lifecycle.start({
    name: 'the event log',
    async start() {
      const secured = sasl === undefined ? { connect } : { connect, sasl };
      const log = new KafkaEventLog({ brokers, ...secured, clock: systemClock, logger });
      try {
        await log.ping();
        return log;
      } catch (cause) {
        await log.close();
        const sentence = `KAFKA_BROKERS: Kafka can't be used: ${brokers.join()}: ${reasonOf(cause)}`;
        throw new StartProblem(sentence, { cause });
      }
    },
    stop: (log) => log.close(),
    describe: () => `event log on Kafka at ${brokers.join(', ')}`,
    stopDeadlineMs: 30_000,
  });
}

async function startTls(
  path: string | undefined,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<ConnectToBroker> {
  if (path === undefined) return overTls(() => ({}));
  const files = await lifecycle.start({
    name: 'the authorities of Kafka',
    start: () => TlsFiles.open({ files: namedFiles('KAFKA_SSL', { ca: path }), clock: systemClock, logger }),
    stop: (held) => held.close(),
  });
  return overTls(() => files.current);
}
