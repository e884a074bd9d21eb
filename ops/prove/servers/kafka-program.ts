import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../shop/process/find-redis.mjs';
import { cachedFolder } from './server-cache.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

export const kafkaVersion = '4.3.1';

/** What Kafka's own start scripts would run. */
export interface KafkaProgram {
  readonly java: string;
  readonly classPath: string;
}

const instead = 'Or set TEST_KAFKA_BROKERS to a running Kafka.';
const wantedJava = 17;
const install = `Install Java ${wantedJava} or newer: Kafka needs it`;
const megabytes = 44;
const downloadDeadlineMs = 300_000;

/** The broker and a logger for it; everything else comes with them. */
const pom = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>trolley</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${kafkaVersion}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

/**
 * A Java, and Kafka's jars, which Maven fetches once for all checkouts. `say` is told when that begins.
 *
 * @throws StartProblem in one sentence when there is none for this machine
 */
export async function findKafka(searchPath: string, say: (line: string) => void): Promise<KafkaProgram> {
  const java = findProgram(['java'], searchPath);
  if (java === undefined) {
    throw new StartProblem(`${install}, and there is no java on the PATH. ${instead}`);
  }
  await assertNewEnough(java);
  const folder = await cachedFolder(`kafka-${kafkaVersion}`, async (empty) => {
    const maven = findProgram(['mvn'], searchPath);
    if (maven === undefined)
      throw new StartProblem(`Install Maven: it fetches Kafka, and there is no mvn on the PATH. ${instead}`);
    say(`Fetching Kafka ${kafkaVersion} (${megabytes} MB), this once.`);
    await fetchJars(maven, empty);
  });
  return { java, classPath: join(folder, 'jars', '*') };
}

const run = promisify(execFile);

async function assertNewEnough(java: string): Promise<void> {
  const { stderr } = await run(java, ['-version']);
  const major = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (major >= wantedJava) return;
  throw new StartProblem(`${install}, and ${java} is Java ${major}. ${instead}`);
}

/** With a repository of its own: another Maven at work on the common one does no harm. */
async function fetchJars(maven: string, folder: string): Promise<void> {
  const repository = join(folder, 'repository');
  await writeFile(join(folder, 'pom.xml'), pom);
  const quiet = ['--quiet', '--batch-mode', '--strict-checksums', `-Dmaven.repo.local=${repository}`];
  const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const args = [...quiet, copy, '-DincludeScope=runtime', `-DoutputDirectory=${join(folder, 'jars')}`];
  await run(maven, args, { cwd: folder, timeout: downloadDeadlineMs }).catch((cause: unknown) => {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    const said = `${stdout}${stderr}`.trim().split('\n')[0] ?? '';
    throw new StartProblem(`Maven could not fetch Kafka ${kafkaVersion}: ${said}. ${instead}`, { cause });
  });
  await rm(repository, { recursive: true });
}
