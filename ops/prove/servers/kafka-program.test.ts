import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findKafka } from './kafka-program.ts';

describe('the program of Kafka', () => {
  let path: string;
  beforeEach(() => (path = mkdtempSync(join(tmpdir(), 'trolley-java-'))));
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  const refusal = () =>
    findKafka(path, () => {}).then(
      () => 'found',
      (error: unknown) => (error as Error).message,
    );

  it('is not there without Java, and one sentence says what to do', async () => {
    expect(await refusal()).to.equal(
      'Install Java 17 or newer: Kafka needs it, and there is no java on the PATH. Or set TEST_KAFKA_BROKERS to a running Kafka.',
    );
  });

  it('does not run on an old Java', async () => {
    const java = join(path, 'java');
    writeFileSync(java, `#!/bin/sh\necho 'openjdk version "11.0.2" 2019-01-15' >&2\n`);
    chmodSync(java, 0o755);
    expect(await refusal()).to.match(/^Install Java 17 or newer: Kafka needs it, and .*java is Java 11\. /);
  });
});
