import type { Audit, AuditEntry } from '../audit/audit.ts';

/** The record in memory; `fail` makes it refuse as a database that is away would. */
export class MemoryAudit implements Audit {
  readonly entries: AuditEntry[] = [];
  fails = false;

  async begin(action: Parameters<Audit['begin']>[0]): Promise<string> {
    if (this.fails) throw new Error('the database is away');
    const id = String(this.entries.length + 1);
    this.entries.push({ ...action, id, at: 0, outcome: 'unknown' });
    return id;
  }

  async end(id: string, outcome: AuditEntry['outcome'], note?: string): Promise<void> {
    if (this.fails) throw new Error('the database is away');
    const at = Number(id) - 1;
    const entry = this.entries[at]!;
    this.entries[at] = { ...entry, outcome, endedAt: 1, ...(note === undefined ? {} : { note }) };
  }

  async list(): ReturnType<Audit['list']> {
    return { items: [...this.entries].reverse() };
  }
}
