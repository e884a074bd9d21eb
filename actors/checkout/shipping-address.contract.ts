import { z } from 'zod';
import { StorableText } from '../values/storable-text.contract.ts';

/** As JSON in UTF-8. */
const maxAddressBytes = 2048;

/** As it is stored: older ones may be larger than what is taken now. */
export const ShippingAddress = z.record(StorableText(64), StorableText(maxAddressBytes));
export type ShippingAddress = z.infer<typeof ShippingAddress>;

/** As it is taken from a buyer. */
export const GivenAddress = ShippingAddress.refine(
  (address) => Object.keys(address).length > 0,
  'must have a field; leave it out where there is none',
).refine(
  (address) => new TextEncoder().encode(JSON.stringify(address)).length <= maxAddressBytes,
  `must be at most ${maxAddressBytes} bytes of JSON`,
);
