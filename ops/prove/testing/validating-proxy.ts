import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endingWithParent } from '../../shop/process/death-signal.ts';
import { findFreePort } from '../../shop/process/ports.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';

/**
 * Prism's program, where TEST_VALIDATING_PROXY names it: then the tests of the whole shop ask its gateway through
 * Prism, which holds each request and each answer against the gateway's own description.
 *
 *     npm run openapi -- proxy
 */
const prism = process.env['TEST_VALIDATING_PROXY'];

export interface ValidatingProxy {
  readonly url: string;
  stop(): Promise<void>;
}

/** In front of the gateway; without Prism the gateway itself. */
export async function behindProxy(gatewayUrl: string): Promise<ValidatingProxy> {
  if (prism === undefined) return { url: gatewayUrl, stop: async () => undefined };
  const folder = temporaryFolder('prism');
  const file = join(folder, 'openapi.json');
  writeFileSync(file, await (await fetch(`${gatewayUrl}/openapi.json`)).text());
  const port = String(await findFreePort());
  const { program, args, cwd } = endingWithParent(
    {
      program: process.execPath,
      args: [prism, 'proxy', file, gatewayUrl, '--port', port, '--cors', 'false'],
      cwd: folder,
    },
    'KILL',
  );
  const child = spawn(program, args, { cwd, env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let told = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told = `${told}${text}`.slice(-10_000);
      if (text.includes('Prism is listening')) resolve();
    });
    void ended.then(() => reject(new Error(`Prism has ended:\n${told}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill();
      await ended;
      removeTemporaryFolder(folder);
    },
  };
}

interface Violation {
  readonly location: readonly string[];
  readonly severity: string;
  readonly message: string;
}

/**
 * What Prism has against an answer; and against a request, where the gateway has let it in. `headers`: those of the
 * gateway.
 */
export function toldByProxy(response: Response): {
  readonly headers: Headers;
  readonly problems: readonly string[];
} {
  const headers = new Headers(response.headers);
  const told = headers.get('sl-violations');
  headers.delete('sl-violations');
  if (told === null) return { headers, problems: [] };
  const problems = (JSON.parse(told) as Violation[])
    .filter(({ severity }) => severity === 'Error')
    .filter(({ location: [part] }) => part === 'response' || response.ok)
    .map(({ location, message }) => `Prism: ${location.join('.')}: ${message}`);
  return { headers, problems };
}
