import type { ActorRecord, AppliedMessage } from './state-store.ts';

const texts = new WeakMap<AppliedMessage, string>();

/** As JSON, made once: it is measured and written with turn after turn, and never changed in place. */
export function appliedJson(message: AppliedMessage): string {
  const known = texts.get(message);
  if (known !== undefined) return known;
  const text = JSON.stringify(message);
  texts.set(message, text);
  return text;
}

/** What a store keeps of a record beside its state and its archive, as JSON. */
export function runtimeJson(record: ActorRecord): string {
  const { state: _state, archive: _archive, applied, ...rest } = record;
  return `{"applied":[${applied.map(appliedJson).join()}],${JSON.stringify(rest).slice(1)}`;
}
