import { Kafka, logLevel, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Logger } from '../../observe/logger.ts';
import { leaveNoTimers } from './kafka-request-queue.ts';
import { KafkaSockets, overTcp, type ConnectToBroker } from './kafka-sockets.ts';

/** A mechanism with a name and a password: `plain`, `scram-sha-256` or `scram-sha-512`. */
export type KafkaSasl = Readonly<Extract<SASLOptions, { username: string }>>;

/** Where Kafka is, and how it is reached. */
export interface KafkaConnection {
  /** `host:port` of some brokers; they name the others. */
  readonly brokers: readonly string[];
  /** Default: over TCP. */
  readonly connect?: ConnectToBroker;
  /** Default: without a name and a password. */
  readonly sasl?: KafkaSasl;
}

/** A client with connections of its own. */
export interface KafkaClient {
  readonly kafka: Kafka;
  /** Ends it at once: nothing that it still wanted to send is sent. */
  destroy(): void;
}

const connectLimitMs = 3_000;
/** For one answer. Those that Kafka may hold back, such as to a fetch, have more. */
export const answerLimitMs = 5_000;
/** About 2 s: who needs more tries again by himself. */
export const shortRetry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 };

export function openKafkaClient(
  { brokers, connect = overTcp, sasl }: KafkaConnection,
  logger: Logger,
): KafkaClient {
  leaveNoTimers();
  const sockets = new KafkaSockets(connect);
  const kafka = new Kafka({
    clientId: 'trolley',
    brokers: [...brokers],
    socketFactory: sockets.open,
    connectionTimeout: connectLimitMs,
    requestTimeout: answerLimitMs,
    retry: shortRetry,
    logLevel: logger.isLevelEnabled('trace') ? logLevel.DEBUG : logLevel.INFO,
    logCreator: () => (entry) => logTo(logger, entry),
    ...(sasl === undefined ? {} : { sasl }),
  });
  return { kafka, destroy: () => sockets.destroy() };
}

/**
 * For those who look closer: what fails in kafkajs is tried again there, and what comes of it is told by whoever
 * asked for it.
 */
function logTo(logger: Logger, { namespace, level, log }: LogEntry): void {
  const { timestamp: _timestamp, logger: _logger, message, ...facts } = log;
  const target = level === logLevel.DEBUG ? 'trace' : 'debug';
  logger[target]({ kafkajs: namespace, ...facts }, message);
}
