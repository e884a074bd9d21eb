import type { z } from 'zod';
import type { ErrorCode } from '../error-table.ts';

/*
 * What callers see of a route: what it takes and how it answers. These descriptions are all that the routes are guarded
 * by, that the OpenAPI document is written from, and that the types of a client are inferred from. So this folder runs
 * anywhere: it imports zod, contracts, and types.
 */

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may call: everyone and unlimited (`public`, for those who watch the process), everyone as often as others may
 * (`anyone`), whoever has a token, or whoever's token has the role `admin`.
 */
export type Access = 'public' | 'anyone' | 'user' | 'admin';

/** The headers that some answers have and others don't, beside those of all. */
export type AnswerHeader =
  'ETag' | 'Location' | 'X-Next-Page-Token' | 'Content-Security-Policy' | 'X-Accel-Buffering';

export interface AnswerDescription {
  /** A sentence. */
  readonly description: string;
  /** Of JSON; of another text what it is like. Without it there is no body. */
  readonly body?: z.ZodType;
  /** Default: JSON. */
  readonly contentType?: string;
  readonly headers?: readonly AnswerHeader[];
}

export interface RouteDescription {
  /** Unique: a client calls its method by it. */
  readonly operationId: string;
  /** What it belongs to. */
  readonly tag: string;
  /** A sentence. */
  readonly summary: string;
  /** What else there is to know. */
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
  /** By status, those that are no errors; and an error that says more than the others. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Beside those that follow from the rest of the description. */
  readonly refusals?: readonly ErrorCode[];
}

type Nothing = Readonly<Record<string, never>>;

/** What one part of a request is for who sends it. */
type Sent<D, Part extends string> = D extends { readonly [P in Part]: infer S extends z.ZodType }
  ? z.input<S>
  : Nothing;

/** What one part of a request is for who handles it. */
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

/** Takes a description as it is, with the type of each of its parts. */
export function describeRoute<const D extends RouteDescription>(
  description: D & { readonly example?: Partial<RequestTo<D>> },
): D & { readonly example?: Partial<RequestTo<D>> } {
  return description;
}
