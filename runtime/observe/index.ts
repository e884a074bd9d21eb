/**
 * What a process tells its operators: its log lines, and whether what it depends on works.
 */
export { checkAt, createReadiness, readinessBody } from './readiness.ts';
export type { HealthCheck, HealthChecks, HealthReport, Readiness } from './readiness.ts';
export { createStandardLogger } from './logger.ts';
export type { StandardLogging } from './logger.ts';
export { isForeseen, levelOfRetry, reasonOf } from './reason.ts';
export { maskPasswords } from './mask.ts';
export { openLineOutput } from './line-output.ts';
export type { LineOutput, LineOutputOptions } from './line-output.ts';
export { watchHealth } from './health-watch.ts';
export type { HealthWatchOptions } from './health-watch.ts';
