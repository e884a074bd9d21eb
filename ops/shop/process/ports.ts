import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { nameOf } from './process-identity.ts';
import { StartProblem } from './start-problem.ts';

/** A port of the loopback that nobody listens on at this moment. */
export async function findFreePort(): Promise<number> {
  const port = await tryListen(0, '127.0.0.1');
  if (typeof port !== 'number') throw new StartProblem('No free port could be found on 127.0.0.1.');
  return port;
}

/** Whether somebody takes connections on that port of the loopback. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.setTimeout(2000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

export interface PortClaim {
  readonly port: number;
  /** The variable that sets it, for the message. */
  readonly variable: string;
  /** Where it will be listened on; every address when left out. */
  readonly host?: string;
}

/** Refuses in one line when somebody else listens there already. Port 0 is always free. */
export async function assertPortFree(claim: PortClaim): Promise<void> {
  if (claim.port === 0) return;
  const result = await tryListen(claim.port, claim.host);
  if (typeof result === 'number') return;
  throw portProblem(claim, result);
}

/** The one line for a failed `listen`; for errors that come later than `assertPortFree` could see. */
export function portProblem(claim: PortClaim, error: NodeJS.ErrnoException): StartProblem {
  const { port, variable } = claim;
  if (error.code === 'EACCES') {
    return new StartProblem(
      `Port ${port} (${variable}) needs more rights than this user has. Set ${variable} to a port above 1023.`,
      { cause: error },
    );
  }
  if (error.code !== 'EADDRINUSE') {
    return new StartProblem(`Port ${port} (${variable}) can't be listened on: ${error.message}`, {
      cause: error,
    });
  }
  const pid = listenerOn(port);
  const owner = pid === undefined ? 'another process' : `${nameOf(pid) ?? 'a process'} (pid ${pid})`;
  return new StartProblem(
    `Port ${port} (${variable}) is taken by ${owner}. Stop it, or set ${variable} to another port or to 0.`,
    { cause: error },
  );
}

function tryListen(port: number, host: string | undefined): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}

const listening = '0A';

/** The process that listens on `port`, where Linux tells: socket inode from /proc/net, then its holder. */
function listenerOn(port: number): number | undefined {
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
      read(table)
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter((row) => row[3] === listening && parseInt(row[1]?.split(':').at(-1) ?? '', 16) === port)
        .map((row) => `socket:[${row[9] ?? ''}]`),
    ),
  );
  if (inodes.size === 0) return undefined;
  const pids = list('/proc').filter((name) => /^\d+$/.test(name));
  const holder = pids.find((pid) =>
    list(`/proc/${pid}/fd`).some((fd) => inodes.has(link(`/proc/${pid}/fd/${fd}`))),
  );
  return holder === undefined ? undefined : Number(holder);
}

// Other users' processes may not be looked into, and any may be gone by now: both count as no answer.
const orElse = <T>(fallback: T, look: () => T): T => {
  try {
    return look();
  } catch {
    return fallback;
  }
};
const read = (path: string) => orElse('', () => readFileSync(path, 'utf8'));
const list = (path: string) => orElse<string[]>([], () => readdirSync(path));
const link = (path: string) => orElse('', () => readlinkSync(path));
