import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reporters, Runner } from 'mocha';

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Runner.constants;

/** How long a finished run may be held open by something a test left behind. */
const leakGraceMs = 10_000;

/** Mocha's spec report, and the errors that nobody caught in its processes, where tests have failed; its last line is `N passed, N failed`, whatever is printed on the way out. */
export default class SummaryReporter extends reporters.Spec {
  #counts = { passed: 0, failed: 0, skipped: 0 };

  constructor(runner, options) {
    super(runner, options);
    runner.on(EVENT_TEST_PASS, () => (this.#counts.passed += 1));
    runner.on(EVENT_TEST_FAIL, () => (this.#counts.failed += 1));
    runner.on(EVENT_TEST_PENDING, () => (this.#counts.skipped += 1));
  }

  /** Mocha calls this after the global teardown. */
  done(failures, finish) {
    if (failures > 0) process.stdout.write(uncaughtErrors());
    const { passed, failed, skipped } = this.#counts;
    const summary = `${passed} passed, ${Math.max(failed, failures)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    process.on('exit', () => process.stdout.write(`${summary}\n`));
    // Unreferenced: it only fires when something else keeps the process alive.
    setTimeout(() => {
      const open = [...new Set(process.getActiveResourcesInfo())].join(', ');
      process.stdout.write(`\nThe tests have ended, but something they left open keeps running: ${open}\n`);
      process.exit(Math.max(failures, 1));
    }, leakGraceMs).unref();
    finish(failures);
  }
}

/** See `test-processes.ts`, which writes them. */
function uncaughtErrors() {
  const file = join(process.env.TEST_RUN_FOLDER ?? '', 'uncaught');
  return existsSync(file) ? `\nErrors that nobody caught:\n\n${readFileSync(file, 'utf8')}` : '';
}
