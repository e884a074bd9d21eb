import { RpcError } from '../grpc/rpc-error.ts';
import { holdsCardNumber } from './card-number.ts';
import { forcingNames, isPaymentMethod } from './payment-method.contract.ts';

/**
 * The name or token, checked. `forcing`: whether the names count that force an outcome.
 *
 * @throws ActorError `invalid_payment_method`, without repeating it: it must not get into a log
 */
export function parsePaymentMethod(text: string, { forcing }: { readonly forcing: boolean }): string {
  if (isPaymentMethod(text) && (forcing || !forcingNames.has(text))) return text;
  throw new RpcError(
    'invalid_payment_method',
    holdsCardNumber(text)
      ? 'payment_method must not hold the number of a card'
      : 'payment_method must be a known name, such as card, or a token of letters, digits, _ and -',
  );
}
