/* How the parts of an XState machine are called in a picture. They come as names, as objects or as functions. */

/** `1.5 s`, `2 min`; the name of a delay that the machine was given by name. */
export function delayInWords(delay: unknown): string {
  if (typeof delay === 'function') return nameOf(delay, 'a computed time');
  if (typeof delay === 'string' && !/^\d+(\.\d+)?$/.test(delay)) return delay;
  const ms = Number(delay);
  if (!Number.isFinite(ms)) return 'a computed time';
  for (const [unit, size] of units) {
    const amount = ms / size;
    // Never rounded: 90,001 ms are not 1.5 min.
    if (amount >= 1 && Number.isInteger(amount * 100)) return `${amount} ${unit}`;
  }
  return `${ms} ms`;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** `isPaid`, `isMarked(charge)`, `not isPaid`, `a and (b or c)`. */
export function guardInWords(guard: unknown, within = false): string {
  if (typeof guard !== 'function') return namedInWords(guard, 'guard');
  const { guards, stateValue } = guard as { guards?: unknown; stateValue?: unknown };
  if (stateValue !== undefined)
    return `in ${typeof stateValue === 'string' ? stateValue : shortJson(stateValue)}`;
  if (!Array.isArray(guards)) return nameOf(guard, 'inline guard', ['guard', 'cond']);
  if (guard.name === 'not') return `not ${guardInWords(guards[0], true)}`;
  const all = guards.map((each) => guardInWords(each, true)).join(` ${guard.name} `);
  return within && guards.length > 1 ? `(${all})` : all;
}

/** `notify`, `reach(PAID)`, `raise(TICK)`; of XState's own what they are. */
export function actionInWords(action: unknown): string {
  if (typeof action !== 'function') return namedInWords(action, 'action');
  const { type, event, to } = action as { type?: unknown; event?: unknown; to?: unknown };
  if (typeof type !== 'string') return nameOf(action, 'inline action', ['actions', 'entry', 'exit']);
  const sent = isNamed(event) ? event.type : undefined;
  const parts = [sent, typeof to === 'string' ? to : undefined].filter((part) => part !== undefined);
  return `${type.replace(/^xstate\./, '')}${parts.length === 0 ? '' : `(${parts.join(' → ')})`}`;
}

function namedInWords(named: unknown, otherwise: string): string {
  if (typeof named === 'string') return named;
  if (!isNamed(named)) return otherwise;
  const params = paramsInWords((named as { params?: unknown }).params);
  const name = named.type === '' ? `inline ${otherwise}` : named.type.replace(/^xstate\./, '');
  return params === '' ? name : `${name}(${params})`;
}

/** The values that say something in a line. What is computed or large is left out. */
function paramsInWords(params: unknown): string {
  if (typeof params !== 'object' || params === null) return '';
  return Object.values(params)
    .filter((value) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(String)
    .join(', ');
}

function isNamed(value: unknown): value is { readonly type: string } {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** A function that was given no name has that of the property it stands in. */
function nameOf(
  { name }: { readonly name: string },
  otherwise: string,
  unnamed: readonly string[] = [],
): string {
  return name === '' || unnamed.includes(name) ? otherwise : name;
}

function shortJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('"', '');
}
