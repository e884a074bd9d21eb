import { ActorError, isActorError, type Logger } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import type { Audit, AuditedAction } from './audit.ts';

/** After these nobody knows whether it was done. */
const openEnds: ReadonlySet<string> = new Set([
  'deadline_exceeded',
  'unavailable',
  'aborted',
  'answer_dropped',
  'internal',
]);

/** What an action came to. */
export interface Performed<T> {
  readonly result: T;
  /** In a sentence, for the record. */
  readonly note?: string | undefined;
}

/**
 * Does what is on record: the entry is there before the action is tried, and is completed after it. What can't be put
 * on record is not done. A crash in between, or an error that tells nothing of the outcome, leaves it `unknown`.
 *
 * @throws ActorError `not_audited`; nothing was done
 */
export async function audited<T>(
  { audit, logger }: { readonly audit: Audit; readonly logger: Logger },
  action: AuditedAction,
  perform: () => Promise<Performed<T>>,
): Promise<T> {
  const id = await begin(audit, action);
  const end = async (...outcome: [outcome: 'done' | 'refused' | 'unknown', note: string | undefined]) => {
    try {
      await audit.end(id, ...outcome);
    } catch (err) {
      // What was done stays done: its entry says that nobody knows.
      logger.error({ err, auditId: id, outcome }, 'how an action ended is not on record');
    }
  };
  try {
    const { result, note } = await perform();
    await end('done', note);
    return result;
  } catch (error) {
    const isRefused = isActorError(error) && !openEnds.has(error.code);
    await end(isRefused ? 'refused' : 'unknown', reasonOf(error));
    throw error;
  }
}

async function begin(audit: Audit, action: AuditedAction): Promise<string> {
  try {
    return await audit.begin(action);
  } catch (cause) {
    const sentence = 'it could not be put on record, so nothing was done';
    throw new ActorError('not_audited', sentence, { cause });
  }
}
