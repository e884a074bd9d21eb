import { describeTransit, type Transit } from '../network.ts';
import type { Connection } from '../simulated-process.ts';
import type { TestCluster } from '../test-cluster.ts';

/** Something that may happen at one step of a run. */
export interface Choice {
  readonly kind: 'first' | 'lose' | 'double' | 'time' | 'crash' | 'freeze' | 'thaw' | 'hang';
  /** The process that it happens to. */
  readonly process: string;
  readonly describe: () => string;
  readonly perform: () => void;
}

/** Longer than a lease and than a turn, so that others take over meanwhile. */
const awayMs = 1_500;

const mayHang: readonly Connection[] = ['mailbox', 'wake-ups', 'registry', 'store'];

/** What may happen instead of the oldest arrival. */
export function otherChoices(cluster: TestCluster, arrivals: readonly Transit[]): Choice[] {
  const choices: Choice[] = [];
  const add = (kind: Choice['kind'], process: string, about: () => string, perform: () => void) =>
    choices.push({ kind, process, describe: () => `${kind} ${about()}`, perform });

  for (const [i, transit] of arrivals.entries()) {
    const { process, port } = transit;
    const about = () => describeTransit(transit);
    if (i > 0) add('first', process, about, () => cluster.network.arrive(transit));
    if (port === 'timer') continue;
    add('lose', process, about, () => cluster.network.arrive(transit, 'lose'));
    if (port === 'wake-ups' || port === 'inbox') {
      add('double', process, about, () => cluster.network.arrive(transit, 'double'));
    }
  }
  if (arrivals.length > 0)
    add(
      'time',
      '',
      () => 'passes',
      () => void cluster.clock.fireNext(),
    );

  for (const node of cluster.nodes) {
    const { name } = node;
    const about = () => name;
    if (node.state === 'frozen') {
      add('thaw', name, about, () => node.thaw());
      continue;
    }
    add('crash', name, about, () => {
      node.crash();
      cluster.startNode();
    });
    add('freeze', name, about, () => {
      node.freeze();
      cluster.clock.schedule(awayMs, () => node.thaw());
    });
    for (const connection of mayHang) {
      add(
        'hang',
        name,
        () => `${connection} of ${name}`,
        () => {
          node.partition({ from: [connection], calls: 'hang' });
          cluster.clock.schedule(awayMs, () => node.heal());
        },
      );
    }
  }
  return choices;
}
