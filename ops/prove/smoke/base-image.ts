import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEnvironment } from '../../shop/environment.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

/** What stands in for a base image that cannot be fetched. */
export interface Base {
  /** For people: what it is instead. */
  readonly standIn: string;
  /** Its files. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Adds to the first layer on it what the base image has in another place. */
  prepare(layer: string): void;
}

const node = '/usr/local/bin/node';

/** @throws StartProblem for an image that nothing stands in for */
export function baseFor(image: string, folder: (name: string) => string): Base {
  if (image.startsWith('node:')) return thisMachine();
  if (image.startsWith('gcr.io/distroless/cc-debian12:')) return librariesOnly(folder('base'));
  throw new StartProblem(`Nothing on this machine can stand in for the image ${image}.`);
}

/** A system with Node, npm and compilers: this one. What is written goes into the layer. */
function thisMachine(): Base {
  const { PATH = '', HOME = '/root' } = readEnvironment();
  return {
    standIn: `this machine with Node ${process.versions.node}`,
    folder: '/',
    env: { PATH, HOME },
    prepare: (layer) => copyInto(layer, process.execPath, node),
  };
}

/** Like distroless: the libraries that Node is linked with, and no program at all. */
function librariesOnly(folder: string): Base {
  const linked = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  for (const [, library = ''] of linked.matchAll(/(\/\S+) \(0x/g)) copyInto(folder, library, library);
  for (const file of ['/etc/hosts', '/etc/resolv.conf', '/etc/nsswitch.conf']) {
    if (existsSync(file)) copyInto(folder, file, file);
  }
  for (const mountPoint of ['dev', 'proc', 'tmp']) mkdirSync(join(folder, mountPoint), { recursive: true });
  return { standIn: 'the C and C++ libraries of this machine', folder, env: {}, prepare: () => undefined };
}

function copyInto(folder: string, from: string, path: string): void {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(from, target);
}
