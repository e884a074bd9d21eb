import { exitCodes } from '../../shop/process/run-command.ts';
import { UsageProblem } from '../../shop/process/start-problem.ts';
import type { Call } from './call.ts';
import { foreseenReason } from './foreseen-reason.ts';
import { aligned, type Table } from './table.ts';
import type { Around, Flag, OperatorAction, Outcome } from './verb.ts';

/** Something that is done to several. */
export interface Dealing<T> {
  readonly verb: 'replay' | 'discard';
  /** How one is called: `dead letter`. */
  readonly noun: string;
  /** Names of flags that pick some of them. */
  readonly filters: readonly string[];
  readonly find: (id: string) => Promise<T | undefined>;
  /** The first `limit` of those that the flags pick. */
  readonly pick: (limit: number) => Promise<readonly T[]>;
  readonly idOf: (item: T) => string;
  readonly preview: (items: readonly T[]) => Table;
  /** For the record. */
  readonly details?: OperatorAction['details'];
  /** Whether it was still there. */
  readonly act: (item: T) => Promise<boolean>;
}

export interface Dealt {
  readonly id: string;
  readonly outcome: 'replayed' | 'discarded' | 'gone' | 'failed';
  readonly reason?: string;
}

export const dealingFlags: Readonly<Record<string, Flag>> = {
  all: { help: 'all of them, where nothing else picks some' },
  limit: { value: 'N', help: 'so many at most, 1 to 500 (default 100)' },
  'dry-run': { help: 'only show which' },
  yes: { help: 'do not ask first' },
};

const previewed = 10;
const progressEvery = 50;
const done = { replay: 'replayed', discard: 'discarded' } as const;

/** To those that are named; or, once somebody has seen which these are and agreed, to those that flags pick. */
export async function deal<T>(call: Call, around: Around, dealing: Dealing<T>): Promise<Outcome> {
  const { verb, noun, filters } = dealing;
  const isPicked = call.is('all') || filters.some((flag) => call.text(flag) !== undefined);
  if (call.words.length > 0 === isPicked) {
    const flags = filters.map((flag) => `--${flag}`).join(', ');
    throw new UsageProblem(`Say which: IDs as the list tells them; or one or more of ${flags}; or --all.`);
  }
  const limit = call.count('limit', 500) ?? 100;
  const { items, missing } = isPicked
    ? { items: await dealing.pick(limit), missing: [] }
    : await named(call.words, dealing);
  if (call.is('dry-run')) {
    const notes = [`${counted(items.length, noun)} would be ${done[verb]}`];
    return { items: items.map((item) => ({ id: dealing.idOf(item) })), table: dealing.preview(items), notes };
  }
  if (isPicked && items.length > 0 && !call.is('yes')) {
    sayPreview(items, dealing, around);
    const isAgreed = await around.confirm(`${capital(verb)} ${counted(items.length, noun)}?`);
    if (!isAgreed) return { items: [], notes: ['Nothing was done'], code: exitCodes.failed };
  }
  const dealt: Dealt[] = missing.map((id) => ({ id, outcome: 'gone' }));
  for (const [place, item] of items.entries()) {
    dealt.push(await one(item, around, dealing));
    if ((place + 1) % progressEvery === 0) around.progress.say(`${place + 1} of ${items.length}`);
  }
  return told(dealt, noun, verb);
}

async function named<T>(
  ids: readonly string[],
  { find }: Dealing<T>,
): Promise<{ items: T[]; missing: string[] }> {
  const [items, missing]: [T[], string[]] = [[], []];
  for (const id of ids) {
    const item = await find(id);
    if (item === undefined) missing.push(id);
    else items.push(item);
  }
  return { items, missing };
}

async function one<T>(
  item: T,
  around: Around,
  { verb, noun, details, idOf, act }: Dealing<T>,
): Promise<Dealt> {
  const id = idOf(item);
  const action = { action: `${verb} ${noun}`, target: id, ...(details && { details }) };
  try {
    const isDone = await around.audited(action, () => act(item));
    return { id, outcome: isDone ? done[verb] : 'gone' };
  } catch (error) {
    const reason = foreseenReason(error);
    if (reason === undefined) throw error;
    return { id, outcome: 'failed', reason };
  }
}

function sayPreview<T>(items: readonly T[], { preview }: Dealing<T>, { progress }: Around): void {
  for (const line of aligned(preview(items.slice(0, previewed)), 160)) progress.say(line);
  if (items.length > previewed) progress.say(`… and ${items.length - previewed} more`);
}

function told(dealt: readonly Dealt[], noun: string, verb: Dealing<never>['verb']): Outcome {
  const gone = dealt.filter(({ outcome }) => outcome === 'gone');
  const failed = dealt.filter(({ outcome }) => outcome === 'failed');
  const count = dealt.length - gone.length - failed.length;
  const notes = [
    ...gone.map(({ id }) => `There is no ${noun} ${id}`),
    ...failed.map(({ id, reason = '' }) => `${id} was not ${done[verb]}: ${reason}`),
    ...(count > 0 || dealt.length === 0
      ? [`${counted(count, noun)} ${count === 1 ? 'is' : 'are'} ${done[verb]}`]
      : []),
  ];
  return { items: dealt, notes, code: gone.length + failed.length > 0 ? exitCodes.failed : exitCodes.done };
}

export const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

const capital = (word: string) => `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`;
