import type { z } from 'zod';
import type { ErrorCode } from '../error-table.ts';

/*
 * What callers see of a route: what it takes and how it answers. Requests are guarded by these descriptions, and the
 * OpenAPI document and the types of the client are made from them. So this folder runs anywhere: it imports zod,
 * contracts and types alone.
 */

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may call: everyone without a limit (`public`, for probes and metrics), everyone within the rate limit (`anyone`),
 * whoever has a token (`user`), or whoever's token has the role `admin`.
 */
export type Access = 'public' | 'anyone' | 'user' | 'admin';

/** Headers that only some answers have. */
export type AnswerHeader =
  'ETag' | 'Location' | 'X-Next-Page-Token' | 'Content-Security-Policy' | 'X-Accel-Buffering';

export interface AnswerDescription {
  /** A sentence. */
  readonly description: string;
  /** The schema of the body; absent: no body. */
  readonly body?: z.ZodType;
  /** Default: JSON. */
  readonly contentType?: string;
  readonly headers?: readonly AnswerHeader[];
}

export interface RouteDescription {
  /** Unique: generated clients name a method after it. */
  readonly operationId: string;
  /** The group that documents list it under. */
  readonly tag: string;
  /** A sentence. */
  readonly summary: string;
  /** Further sentences. */
  readonly description?: string;
  readonly method: Method;
  /** E.g. `/api/v1/products/:product_id`; segments that begin with a colon are parameters. */
  readonly path: string;
  readonly access: Access;
  /**
   * Whether the header `Idempotency-Key` means anything here, and who takes the key: the cart that it is asked of, or
   * the gateway before the request is carried out. Default: it means nothing.
   */
  readonly retryable?: 'by its cart' | 'by the gateway';
  /** Whether the header `If-Match` means anything here; default no. */
  readonly conditional?: boolean;
  /** Whether the header `Last-Event-ID` means anything here; default no. */
  readonly resumable?: boolean;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** By status: the answers that are no errors, and an error whose body has more than the usual members. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Codes beside those that follow from the rest of the description. */
  readonly refusals?: readonly ErrorCode[];
}

type Nothing = Readonly<Record<string, never>>;

/** The type of one part of a request, as its sender writes it. */
type Sent<D, Part extends string> = D extends { readonly [P in Part]: infer S extends z.ZodType }
  ? z.input<S>
  : Nothing;

/** The type of one part of a request, as its handler gets it. */
export type Received<D, Part extends 'params' | 'query' | 'body'> = D extends {
  readonly [P in Part]: infer S extends z.ZodType;
}
  ? z.output<S>
  : Nothing;

export type StatusOf<D extends RouteDescription> = keyof D['answers'] & number;

/** A request as its sender writes it; path and query as text. */
export interface RequestTo<D extends RouteDescription> {
  readonly params: Sent<D, 'params'>;
  readonly query: Sent<D, 'query'>;
  readonly body: Sent<D, 'body'>;
}

/** The body of an answer with that status; default: of any that is no error. */
export type AnswerOf<
  D extends RouteDescription,
  S extends StatusOf<D> = StatusOf<D>,
> = D['answers'][S] extends {
  readonly body: infer B extends z.ZodType;
}
  ? z.output<B>
  : undefined;

/** Gives back the description, with its exact type. */
export function describeRoute<const D extends RouteDescription>(
  description: D & { readonly example?: Partial<RequestTo<D>> },
): D & { readonly example?: Partial<RequestTo<D>> } {
  return description;
}
