/**
 * The event log on Kafka. `kafkajs` is a peer dependency.
 */
export { KafkaEventLog } from '../kafka-event-log.ts';
export type { KafkaEventLogOptions } from '../kafka-event-log.ts';
export type { KafkaConnection, KafkaSasl } from './kafka-client.ts';
export { overTcp, overTls } from './kafka-sockets.ts';
export type { ConnectToBroker } from './kafka-sockets.ts';
