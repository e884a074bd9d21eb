import { connect } from 'node:net';

/** Whether a Redis on that port answers and has loaded what it keeps on disk. */
export async function redisAnswers(port: number, host: string): Promise<boolean> {
  return (await askRedis(port, host, 'PING'))?.startsWith('+PONG') === true;
}

/** `7.0.15`, as the server says itself. */
export async function redisVersion(port: number, host: string): Promise<string | undefined> {
  const info = await askRedis(port, host, 'INFO server');
  return (info?.match(/^valkey_version:(\S+)/m) ?? info?.match(/^redis_version:(\S+)/m))?.[1];
}

/** One inline command, the first packet of the answer; undefined when there is none. */
export function askRedis(port: number, host: string, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const end = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end(undefined));
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.once('data', (data) => end(data.toString('utf8')));
    socket.once('error', () => end(undefined));
    socket.once('close', () => resolve(undefined));
  });
}
