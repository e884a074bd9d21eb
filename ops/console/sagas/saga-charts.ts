import { postgresFailure, type PostgresPool } from '@trolley/runtime/postgres';
import { readMachine, type Statechart } from 'trolley-statechart';

/** The machines that have run here, in `saga_machines`: what an old one was is known for as long as something uses it. */
export interface SagaCharts {
  /** Says what a machine of this version is now. */
  remember(chart: Statechart): Promise<void>;
  /** Its versions, the one that ran last first. */
  of(machine: string): Promise<readonly Statechart[]>;
}

export function createPostgresSagaCharts(pool: PostgresPool): SagaCharts {
  async function query(text: string, values: readonly unknown[]) {
    try {
      return (await pool.query<{ definition: unknown }>(text, [...values])).rows;
    } catch (error) {
      throw postgresFailure('saga_machines', error);
    }
  }
  return {
    async remember(chart) {
      await query(
        `INSERT INTO saga_machines (machine, version, definition) VALUES ($1, $2, $3)
         ON CONFLICT (machine, version) DO UPDATE SET definition = excluded.definition, last_run = now()`,
        [chart.id, chart.version ?? '', JSON.stringify(chart)],
      );
    },
    async of(machine) {
      const rows = await query(
        'SELECT definition FROM saga_machines WHERE machine = $1 ORDER BY last_run DESC, version DESC LIMIT 50',
        [machine],
      );
      return rows.map(({ definition }) => readMachine(definition));
    },
  };
}
