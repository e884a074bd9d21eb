import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { ActorError, type ErrorDetails, isActorError } from '@trolley/runtime';
import { toWireError } from '@trolley/runtime/adapters';
import {
  type GrpcStatusName,
  isRefusalStatus,
  type RpcCode,
  rpcStatuses,
  rpcStatusOf,
  type StatusOf,
} from './rpc-error.ts';

/** Trailing metadata: our code, which says more than the gRPC status does. */
const codeKey = 'error-code';
const codeForm = /^[a-z][a-z0-9_]{0,63}$/;
const detailsKey = 'error-details-bin';

/** What a handler's callback takes. */
export interface GrpcFailure {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** An error as it leaves: what was not foreseen becomes INTERNAL and keeps its text to itself. */
export function toGrpcFailure(error: unknown, statusOf: StatusOf): GrpcFailure {
  const { code, message, details } = toWireError(error);
  const grpc = statusOf(code);
  const expose = grpc !== 'INTERNAL';
  const metadata = new Metadata();
  metadata.set(codeKey, code);
  if (expose && details !== undefined) metadata.set(detailsKey, Buffer.from(JSON.stringify(details)));
  return { code: status[grpc], details: expose ? message : 'an internal error', metadata };
}

/** The code of a status that came without ours, i.e. from another program or from grpc-js itself. */
const generalCode: Readonly<Record<GrpcStatusName, RpcCode>> = {
  INVALID_ARGUMENT: 'invalid_request',
  UNAUTHENTICATED: 'unauthorized',
  PERMISSION_DENIED: 'forbidden',
  NOT_FOUND: 'not_found',
  ALREADY_EXISTS: 'already_exists',
  FAILED_PRECONDITION: 'conflict',
  ABORTED: 'aborted',
  // Not a limit of the shop's on its callers: of a message's size, or of the far side's means.
  RESOURCE_EXHAUSTED: 'unavailable',
  UNAVAILABLE: 'unavailable',
  DEADLINE_EXCEEDED: 'deadline_exceeded',
  UNIMPLEMENTED: 'unimplemented',
  INTERNAL: 'internal',
};

const generalSentence: Readonly<Record<string, string>> = {
  unavailable: 'a service is not available',
  deadline_exceeded: 'a service did not answer in time',
  internal: 'a service failed',
};

/** An error as it arrives, with the exact code when a server of ours sent it. */
export function fromGrpcError(error: ServiceError): ActorError {
  const name = (status[error.code] as string | undefined) ?? 'UNKNOWN';
  // Whoever cancels stops waiting: to the caller the same as a deadline, the outcome being unknown.
  const known =
    name === 'CANCELLED' ? 'DEADLINE_EXCEEDED' : name === 'OUT_OF_RANGE' ? 'INVALID_ARGUMENT' : name;
  const general = known in generalCode ? generalCode[known as GrpcStatusName] : 'internal';
  const sent = String(error.metadata.get(codeKey)[0] ?? '');
  const ofOurs = codeForm.test(sent);
  const code = ofOurs && fits(sent, known) ? sent : general;
  const details = detailsOf(error.metadata);
  // What grpc-js says by itself names addresses, which is for the log (`cause`), not for a caller.
  const sentence =
    known === 'RESOURCE_EXHAUSTED' ? 'a service has reached a limit of its own' : generalSentence[code];
  const message = ofOurs ? error.details : (sentence ?? error.details);
  return new ActorError(code, message, { cause: error, ...(details === undefined ? {} : { details }) });
}

/** A refusal that is not known here stays itself as well; of another status only the general code is understood. */
function fits(code: string, sent: string): boolean {
  if (Object.hasOwn(rpcStatuses, code)) return rpcStatusOf(code) === sent;
  return isRefusalStatus(sent as GrpcStatusName);
}

/**
 * Whether the call may or may not have had its effect. False for a refusal: then it certainly had none.
 */
export function isUnknownOutcome(error: unknown): boolean {
  if (!isActorError(error)) return true;
  const grpc = rpcStatusOf(error.code);
  return grpc === 'UNAVAILABLE' || grpc === 'DEADLINE_EXCEEDED' || grpc === 'INTERNAL';
}

function detailsOf(metadata: Metadata): ErrorDetails | undefined {
  const [sent] = metadata.get(detailsKey);
  if (!Buffer.isBuffer(sent)) return undefined;
  try {
    const parsed: unknown = JSON.parse(sent.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as ErrorDetails) : undefined;
  } catch {
    return undefined; // Another program's use of the same name: the code still stands.
  }
}
