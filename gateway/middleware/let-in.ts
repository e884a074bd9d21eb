import type { Load, Shedding } from './load-shedding.ts';

/** Whether one of this kind may go on: at once, or when that is told. Rejects with what it is refused with. */
export function letIn(shedding: Shedding, load: Load): Promise<void> | undefined {
  const held = shedding.refusalOf(load) ?? shedding.held(load);
  return held === undefined ? undefined : toldBy(shedding, held);
}

async function toldBy(
  shedding: Shedding,
  held: ReturnType<Shedding['refusalOf']> | ReturnType<Shedding['held']>,
): Promise<void> {
  const refusal = await held;
  if (refusal === undefined) return;
  await shedding.turn();
  throw refusal;
}
