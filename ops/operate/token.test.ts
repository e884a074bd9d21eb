import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { jwtVerify } from 'jose';
import { developmentSecret } from '../shop/config/config.ts';
import { mintToken } from '../shop/token.ts';
import { welcome } from '../shop/welcome.ts';

const settings = { secret: 'a secret of more than thirty-two bytes', issuer: 'the-issuer' };
const verify = (token: string, secret: string, issuer: string) =>
  jwtVerify(token, new TextEncoder().encode(secret), { issuer, algorithms: ['HS256'] });

describe('mintToken', () => {
  it('signs user, roles, issuer and an end', async () => {
    const token = await mintToken(settings, { userId: 7, roles: ['admin'] });
    const { payload } = await verify(token, settings.secret, settings.issuer);
    expect(payload).to.include({ user_id: 7, sub: '7', iss: 'the-issuer' });
    expect(payload['roles']).to.deep.equal(['admin']);
    expect(payload.exp! - payload.iat!).to.equal(12 * 3600);
  });
});

describe('npm run token', () => {
  const program = join(import.meta.dirname, 'token-command.ts');
  const run = (env: Record<string, string>, ...args: string[]) =>
    promisify(execFile)(
      process.execPath,
      ['--conditions=@trolley/source', '--import', 'tsx', program, ...args],
      { env },
    );

  it('prints a token that the development secret checks', async () => {
    const { stdout } = await run({}, '1', 'admin');
    const { payload } = await verify(stdout.trim(), developmentSecret, 'ecommerce-platform');
    expect(payload['user_id']).to.equal(1);
  });

  it('refuses in production, in a sentence', async () => {
    const failure = await run({ NODE_ENV: 'production', JWT_SECRET: settings.secret }, '1').catch(
      (error: unknown) => error as { stdout: string; stderr: string; code: number },
    );
    expect(failure).to.include({
      code: 1,
      stdout: '',
      stderr: '✗ Tokens are handed out in development only: NODE_ENV is production.\n',
    });
  });
});

describe('welcome', () => {
  const jwt = settings;

  it('gives a token and three calls to try in development', async () => {
    const text = await welcome({ mode: 'development', jwt }, { gatewayUrl: 'http://localhost:1' });
    expect(text.match(/^ {2}curl /gm)).to.have.length(3);
    expect(text).to.include('  Docs     http://localhost:1/docs\n');
    const token = text.match(/TOKEN=(\S+)/)?.[1] ?? '';
    expect((await verify(token, jwt.secret, jwt.issuer)).payload['user_id']).to.equal(1);
  });

  it('gives no token in production', async () => {
    const text = await welcome({ mode: 'production', jwt }, { gatewayUrl: 'http://localhost:1' });
    expect(text).to.include('http://localhost:1/api/v1').and.not.include('TOKEN');
  });

  it('tells where the console is, and of an account that was made up for this start', async () => {
    const url = 'http://localhost:2';
    const account = { name: 'operator', password: 'told-once' };
    expect(await welcome({ mode: 'development', jwt }, { console: { url, account } })).to.equal(
      '\n  Console  http://localhost:2\n           user operator, password told-once\n',
    );
    expect(await welcome({ mode: 'production', jwt }, { console: { url } })).not.to.include('password');
    expect(await welcome({ mode: 'production', jwt }, {})).to.equal('');
  });
});
