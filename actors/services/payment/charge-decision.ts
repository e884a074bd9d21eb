import { createHash } from 'node:crypto';
import { forcedRefusals } from './payment-method.contract.ts';

/** Why a charge is refused, when chance says so; each as likely. */
const reasons: readonly string[] = forcedRefusals;

export interface DelayRange {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface DecisionOptions {
  /** 0 to 1. */
  readonly successRate: number;
  /** Makes the outcome depend on nothing but this and the checkout. */
  readonly seed?: string | undefined;
  /** 0 to below 1. */
  readonly random: () => number;
  /** Whether payment methods such as `card_declined` force their outcome. */
  readonly magicPaymentMethods: boolean;
}

/** The reason of the refusal; undefined when the charge succeeds. */
export function decideCharge(
  checkoutId: string,
  paymentMethod: string,
  options: DecisionOptions,
): string | undefined {
  if (options.magicPaymentMethods) {
    if (reasons.includes(paymentMethod)) return paymentMethod;
    if (paymentMethod === 'slow' || paymentMethod === 'timeout') return undefined;
  }
  const chance = options.seed === undefined ? options.random : seededChance(`${options.seed}:${checkoutId}`);
  if (chance() < options.successRate) return undefined;
  return reasons[Math.floor(chance() * reasons.length)] ?? 'unknown';
}

/** A few numbers that follow from `text`, whatever else is drawn meanwhile. */
function seededChance(text: string): () => number {
  const digest = createHash('sha256').update(text).digest();
  let offset = 0;
  return () => {
    const drawn = digest.readUIntBE(offset, 6) / 2 ** 48;
    offset += 6;
    return drawn;
  };
}

/** `1000-2000`, or one number for both ends. Throws a RangeError that says what is wanted. */
export function parseDelayRange(text: string): DelayRange {
  const [, min, max = min] = /^([0-9]{1,6})(?:-([0-9]{1,6}))?$/.exec(text) ?? [];
  const range = { minMs: Number(min), maxMs: Number(max) };
  if (!(range.minMs <= range.maxMs)) {
    throw new RangeError(`a delay is milliseconds such as 50, or a range such as 1000-2000: ${text}`);
  }
  return range;
}
