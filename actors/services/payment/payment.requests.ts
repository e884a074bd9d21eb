import { RpcError } from '../grpc/rpc-error.ts';

const amountPattern = /^(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2}))?$/;

/** `2629.97` → 262997. Throws `invalid_request` for what is not a decimal above 0 with at most two places. */
export function parseAmount(amount: string): number {
  const [, whole, fraction = ''] = amountPattern.exec(amount) ?? [];
  const cents = whole === undefined ? 0 : Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
  if (cents <= 0) {
    throw new RpcError('invalid_request', 'amount must be a decimal above 0 such as 2629.97');
  }
  return cents;
}

/** 262997 → `2629.97`. */
export function formatAmount(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

/** Empty is USD. Throws `invalid_request`. */
export function parseCurrency(currency: string): string {
  if (currency === '') return 'USD';
  if (!/^[A-Z]{3}$/.test(currency)) {
    throw new RpcError('invalid_request', 'currency must be three capital letters');
  }
  return currency;
}
