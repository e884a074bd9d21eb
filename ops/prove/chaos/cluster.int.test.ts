import { expect } from 'chai';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { searchPath } from '../testing/test-servers.ts';
import { clusterDefaults, type ClusterScenarioOptions } from './cluster-options.ts';
import { describeReport } from './cluster-report.ts';
import { runCluster } from './cluster-run.ts';

/* The whole run is `npm run chaos -- cluster`; this one is small, and the same in everything else. */
describe('a cluster that is treated badly', function () {
  this.timeout(120_000);
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  it('loses nothing, doubles nothing and keeps the order of each key', async () => {
    const options: ClusterScenarioOptions = {
      ...clusterDefaults,
      seed: 11,
      keys: 200,
      messages: 3_000,
      rounds: 1,
      freezeMs: 4_000,
      faultGapMs: 1_200,
      inFlight: 64,
      deadlineMs: 90_000,
      postgresUrl: database.url,
    };
    const lines: string[] = [];
    const host = {
      terminal: { write: () => undefined },
      signal: new AbortController().signal,
      searchPath,
    };
    const report = await runCluster(options, host, (line) => lines.push(line));
    expect(report.findings, [...lines, ...describeReport(report)].join('\n')).to.deep.equal([]);
    expect(report.tally.acknowledged).to.equal(options.messages);
  });
});
