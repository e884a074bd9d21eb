import type { CheckoutContext } from './checkout.state.ts';
import type { Step } from './checkout.step.ts';
import { charge } from './steps/charge.ts';
import { claimAndPrice } from './steps/claim-and-price.ts';
import { confirm } from './steps/confirm.ts';
import { reserve } from './steps/reserve.ts';

/** All that the saga does outside, in its order, each with what undoes it. */
export const steps = [
  claimAndPrice,
  claimAndPrice.compensation,
  reserve,
  reserve.compensation,
  charge,
  charge.compensation,
  confirm,
] as const satisfies readonly Step[];
export type AnyStep = (typeof steps)[number];
export type StepName = AnyStep['name'];

/** Something for each step, by its name. */
export function forEachStep<T>(make: (step: Step, name: StepName) => T): Readonly<Record<StepName, T>> {
  return Object.fromEntries(steps.map((step) => [step.name, make(step, step.name)])) as Record<StepName, T>;
}

const byName = forEachStep((step) => step);

export function stepNamed(name: StepName): Step {
  return byName[name];
}

export function isStepName(name: string): name is StepName {
  return Object.hasOwn(byName, name);
}

const byDone = new Map(steps.map((step: Step) => [`${step.name}.done`, step]));

/** What the checkout keeps of a step's answer, by the type of its event. */
export function keptOf(eventType: string): readonly (keyof CheckoutContext)[] {
  return byDone.get(eventType)?.keeps ?? [];
}

/** Whether an event is a step's answer that need not be on record before the next step begins. */
export function mayWait(eventType: string): boolean {
  const step = byDone.get(eventType);
  return step !== undefined && 'answerMayWait' in step && (step.answerMayWait ?? false);
}
