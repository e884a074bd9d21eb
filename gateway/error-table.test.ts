import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ActorContract, runtimeCodes } from '@trolley/runtime';
import { type RpcCode, rpcStatuses } from '../actors/services/grpc/rpc-error.ts';
import { errorTable, grpcStatusOf } from './error-table.ts';

const actors = join(import.meta.dirname, '..', 'actors');

async function contracts(): Promise<ActorContract[]> {
  const files = readdirSync(actors, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.contract.ts'),
  );
  const modules = await Promise.all(
    files.map((file) => import(join(actors, file)) as Promise<Record<string, unknown>>),
  );
  const isContract = (exported: unknown): exported is ActorContract =>
    typeof exported === 'object' && exported !== null && 'refusals' in exported && 'messages' in exported;
  return modules.flatMap((exports) => Object.values(exports)).filter(isContract);
}

describe('the table of errors', () => {
  it('has a meaning for each refusal of each actor', async () => {
    const found = await contracts();
    expect(found.map(({ type }) => type)).to.include.members(['cart', 'checkout', 'order']);
    for (const { type, refusals } of found)
      expect(errorTable, type).to.include.keys(...Object.keys(refusals));
  });

  it('has a meaning for each code of the runtime', () => {
    expect(errorTable).to.include.keys(...Object.keys(runtimeCodes));
  });

  it('means by a code of the services over gRPC what they mean', () => {
    for (const code of Object.keys(rpcStatuses) as RpcCode[])
      expect(grpcStatusOf(code), code).to.equal(rpcStatuses[code]);
  });

  it('tells nothing of what happened inside over either', () => {
    for (const [code, { http, grpc, expose }] of Object.entries(errorTable)) {
      expect(expose, code).to.equal(grpc !== 'INTERNAL');
      expect(http === 500, code).to.equal(grpc === 'INTERNAL');
    }
  });
});
