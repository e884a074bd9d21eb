import { z } from 'zod';
import { isPaymentMethod, paymentMethodText } from '../../actors/services/payment/payment-method.contract.ts';
import { maxPageSize } from '../../actors/values/page-size.contract.ts';
import { storableText } from '../../actors/values/storable-text.contract.ts';

/*
 * The fields of requests. A field's name decides the code of its refusal (guard.ts), so a path parameter is
 * called `:product_id`, not `:id`. What a guard takes is described from it, so its rules are those of JSON Schema
 * wherever one has them, and a `refine` is put into words.
 */

/** Let in, anything else would fail a checkout long after it was accepted. */
export const Text = z.string().regex(storableText, 'must be well-formed text without NUL');

/**
 * A product id in a path. Digits without end are a positive integer, and simply no product has that id; so what is too
 * large for a number is the largest one, which is not found later.
 */
export const PathProductId = z
  .string()
  .regex(/^[1-9][0-9]*$/, 'must be a positive integer')
  .transform((digits) => Math.min(Number(digits), Number.MAX_SAFE_INTEGER))
  // What is sent has no bound.
  .pipe(z.int().min(1).meta({ maximum: undefined }));

/** Ids are stored in lower case. */
export const PathUuid = z.guid('must be a UUID').toLowerCase();

/** Any text: what is no id of a checkout is no checkout either. */
export const PathCheckoutId = z.string().toLowerCase();

const keyRule = 'must be 1 to 255 characters, not all blank';
export const BodyIdempotencyKey = Text.min(1, keyRule)
  .max(255, keyRule)
  .regex(/\S/, keyRule)
  .meta({ description: 'Names this checkout among those of its user; not all blank.' });

const methodRule = 'must be a known name, such as card, or a token; never the number of a card';
/** The number of a card gets no further than here. Which of the names count is known by the checkout. */
export const BodyPaymentMethod = z
  .string('must be text')
  .regex(paymentMethodText, methodRule)
  .refine(isPaymentMethod, methodRule)
  .meta({ description: 'A known name, such as card, or a token; never the number of a card.' });

const nameRule = 'must be 1 to 200 characters, not all blank';
export const BodyProductName = z
  .string(nameRule)
  .regex(storableText, nameRule)
  .min(1, nameRule)
  .max(200, nameRule)
  .regex(/\S/, nameRule);
export const BodyDescription = Text.max(5000);

const priceRule = 'must be a number from 0.01 to 100000000, with two decimals at most';
/** Comes out in cents. */
export const BodyPrice = z
  .number(priceRule)
  .min(0.01, priceRule)
  .max(100_000_000, priceRule)
  .refine((price) => Math.round(price * 100) / 100 === price, priceRule)
  .meta({ description: 'With two decimals at most.' })
  .transform((price) => Math.round(price * 100));

const urlRule = 'must be empty, a path, or an http or https URL, of at most 2000 characters';
/** It ends up in pages: nothing that a browser would run. */
export const BodyImageUrl = Text.max(2000, urlRule).regex(/^(?:$|\/|[Hh][Tt]{2}[Pp][Ss]?:\/\/)\S*$/, urlRule);

const stockRule = 'must be an integer from 0 to 1000000000';
export const BodyStock = z.int(stockRule).min(0, stockRule).max(1_000_000_000, stockRule);

const pageSizeRule = `must be an integer from 1 to ${maxPageSize}`;
/** As everywhere in a query, given twice it is refused. */
export const QueryPageSize = z
  .string(pageSizeRule)
  .regex(/^[1-9][0-9]{0,2}$/, pageSizeRule)
  .transform(Number)
  .pipe(z.int().min(1).max(maxPageSize, pageSizeRule))
  .meta({ description: 'How many at most; 100 where it is not given.' });

/** Empty text in a query is none. */
const absentIfEmpty = (text: z.ZodString) =>
  text.transform((given) => (given === '' ? undefined : given)).pipe(text.optional());

export const QueryPageToken = absentIfEmpty(Text.max(1024)).meta({ description: 'Of the page before.' });
export const QueryText = absentIfEmpty(Text.max(200).trim()).meta({
  description: 'Part of a name or description, in any case, alphabet and normal form.',
});
