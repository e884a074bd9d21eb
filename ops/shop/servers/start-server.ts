import type { EmbeddedServer } from './embedded-server.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { StartProblem } from '../process/start-problem.ts';

/** Starts an embedded store as a stage; when it ends by itself, the whole process cannot go on. */
export async function startServer<S extends EmbeddedServer>(
  lifecycle: Lifecycle,
  name: string,
  start: () => Promise<S>,
): Promise<S> {
  const server = await lifecycle.start({
    name,
    start,
    stop: (running) => running.stop(),
    kill: (running) => running.kill(),
    describe: (running) => running.label,
    startDeadlineMs: 120_000,
    stopDeadlineMs: 20_000,
  });
  void server.exited.then(() => {
    if (lifecycle.stopping.aborted) return;
    lifecycle.fail(new StartProblem(`${server.label} has ended by itself. Its log lies under DATA_DIR.`));
  });
  return server;
}
