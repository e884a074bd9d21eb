import { z } from 'zod';

/* The values that answers are made of. */

export const Id = z.int().min(1);
export const Uuid = z.string().meta({ format: 'uuid' });
export const Timestamp = z.string().meta({ format: 'date-time' });
/** E.g. 1299.99: a JSON number that is written with two decimals. */
export const Amount = z
  .number()
  .min(0)
  .meta({ description: 'With two decimals.', examples: [1299.99] });
export const Currency = z.string().meta({ description: 'ISO 4217.', examples: ['USD'] });
export const NextPageToken = z.string().meta({ description: 'Of the page after this one, if there is one.' });
