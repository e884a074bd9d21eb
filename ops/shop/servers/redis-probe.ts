import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { StartProblem } from '../process/start-problem.ts';

/** Whether a Redis on that port answers and has loaded what it keeps on disk. */
export async function redisAnswers(port: number, host: string, password?: string): Promise<boolean> {
  return (await askRedis(port, host, 'PING', password))?.startsWith('+PONG') === true;
}

/** `7.0.15`, as the server says itself. */
export async function redisVersion(
  port: number,
  host: string,
  password?: string,
): Promise<string | undefined> {
  const info = await askRedis(port, host, 'INFO server', password);
  return (info?.match(/^valkey_version:(\S+)/m) ?? info?.match(/^redis_version:(\S+)/m))?.[1];
}

const welcomed = '+OK\r\n';

/** One inline command, the first packet of the answer; undefined when there is none. */
export function askRedis(
  port: number,
  host: string,
  command: string,
  password?: string,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const end = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end(undefined));
    const login = password === undefined ? '' : `AUTH ${password}\r\n`;
    let welcome = password !== undefined;
    socket.once('connect', () => socket.write(`${login}${command}\r\n`));
    socket.on('data', (data) => {
      const said = data.toString('utf8');
      const answer = welcome && said.startsWith(welcomed) ? said.slice(welcomed.length) : said;
      welcome = false;
      if (answer !== '') end(answer);
    });
    socket.once('error', () => end(undefined));
    socket.once('close', () => resolve(undefined));
  });
}

const pollMs = 20;
const patienceMs = 30_000;

/** Asks again and again until the answer is as wanted. */
export async function untilRedisSays(
  port: number,
  host: string,
  command: string,
  isWanted: (answer: string) => boolean,
): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  const ask = async () => (await askRedis(port, host, command)) ?? 'no answer';
  for (let answer = await ask(); !isWanted(answer); answer = await ask()) {
    if (performance.now() > giveUpAt) {
      throw new StartProblem(`Redis on port ${port} still answers ${command} with: ${answer}`);
    }
    await delay(pollMs);
  }
}
