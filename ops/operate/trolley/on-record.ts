import { hostname } from 'node:os';
import { codeOf, silentLogger } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import type { Audit } from '../../console/audit/audit.ts';
import { audited } from '../../console/audit/audited.ts';
import type { Progress } from '../../shop/process/progress.ts';
import { foreseenReason } from './foreseen-reason.ts';
import { operatorName } from './operator-name.ts';
import type { Around } from './verb.ts';

/**
 * Does what operators want on the console's record, as the user of the operating system. Where it can't be put on record,
 * it is done nevertheless, and that is said: the command is also for when PostgreSQL is away.
 */
export function onRecord(openAudit: () => Promise<Audit>, progress: Progress): Around['audited'] {
  const warned = new Set<string>();
  const warn = (reason: string) => {
    if (!warned.has(reason)) progress.warn(`Not on record: ${reason}`);
    warned.add(reason);
  };
  const who = operatorName();
  const address = hostname();

  return async (action, perform) => {
    let audit: Audit;
    try {
      audit = await openAudit();
    } catch (error) {
      const reason = foreseenReason(error);
      if (reason === undefined) throw error;
      warn(reason);
      return perform();
    }
    try {
      const entry = { ...action, who, role: 'operator', source: 'command', address } as const;
      return await audited({ audit, logger: silentLogger }, entry, async () => {
        const result = await perform();
        return { result, note: result === false ? 'there was nothing to do it to' : undefined };
      });
    } catch (error) {
      // Nothing was done by then.
      if (codeOf(error) !== 'not_audited') throw error;
      warn(reasonOf((error as Error).cause));
      return perform();
    }
  };
}
