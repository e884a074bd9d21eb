import { Client } from 'pg';

/** A database with every migration applied, to be copied for each suite. */
export interface TemplateDatabase {
  readonly name: string;
  drop(): Promise<void>;
}

export async function createTemplateDatabase(
  serverUrl: string,
  migrate: (url: string) => Promise<unknown>,
): Promise<TemplateDatabase> {
  const name = `template_${process.pid}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const drop = () => run(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await drop();
  await run(serverUrl, `CREATE DATABASE ${name}`);
  try {
    await migrate(url.href);
  } catch (error) {
    await drop();
    throw error;
  }
  return { name, drop };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
