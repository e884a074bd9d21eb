import { silentLogger } from '@trolley/runtime';
import { createPostgresPool } from '@trolley/runtime/postgres';
import { audited } from '../audit/audited.ts';
import { createPostgresAudit } from '../audit/postgres-audit.ts';

/* A process that is killed in the middle of an action: after it was put on record, and before its end was. */

const [, , url = ''] = process.argv;
const audit = createPostgresAudit(createPostgresPool(url));
const action = {
  who: 'ann',
  role: 'operator',
  source: 'console',
  action: 'replay',
  target: 'cart/42',
} as const;
await audited({ audit, logger: silentLogger }, action, async () => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => undefined);
});
