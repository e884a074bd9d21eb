import type { ActorError, ErrorDetails } from '@trolley/runtime';
import { z } from 'zod';

/** A product of which there is less than was asked for. */
export const Shortage = z.object({
  productId: z.int().positive(),
  requested: z.int().positive(),
  available: z.int().nonnegative(),
});
export type Shortage = z.infer<typeof Shortage>;

const Shortages = z.array(Shortage).min(1);

/** As the details of an error, which hold no lists: a text, beside the members of the first one. */
export function shortageDetails(shortages: readonly Shortage[]): ErrorDetails {
  return { ...shortages[0], shortages: JSON.stringify(shortages) };
}

/** Of an error with such details; what another program has put there counts as none. */
export function shortagesOf({ details }: Pick<ActorError, 'details'>): Shortage[] | undefined {
  try {
    return Shortages.safeParse(JSON.parse(String(details?.['shortages']))).data;
  } catch {
    return undefined;
  }
}
