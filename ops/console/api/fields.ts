import { z } from 'zod';

/* The fields of queries. A query is text, and an empty field is one that was left out. */

const emptyIsAbsent = (text: string) => (text === '' ? undefined : text);

/** Any text; empty: all. */
export const Filter = z.string().max(512).transform(emptyIsAbsent).optional();

/** Milliseconds since the epoch, from a query or a body. */
export const Moment = z
  .union([
    z
      .string()
      .regex(/^[0-9]{1,15}$/, 'must be milliseconds since the epoch')
      .transform(Number),
    z.int().min(0),
  ])
  .optional();

export const ActorType = z.string().min(1).max(100);
export const ActorKey = z.string().min(1).max(512);

const limitRule = 'must be a number from 1 to 500';

/** Of lists in pages. */
export const PageFields = {
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,2}$/, limitRule)
    .transform(Number)
    .pipe(z.int().max(500, limitRule))
    .optional(),
  cursor: z.string().max(2_000).transform(emptyIsAbsent).optional(),
};

/** Why somebody acts, for the record. */
export const Reason = z.string().trim().min(1, 'is wanted for the record').max(500);
