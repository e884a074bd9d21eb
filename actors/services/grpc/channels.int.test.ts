import { expect } from 'chai';
import { createLogger, isActorError } from '@trolley/runtime';
import { type RpcCode, RpcError, rpcStatuses } from './rpc-error.ts';
import { PaymentServiceService } from '../../../proto/gen/payment/payment.ts';
import { failureOf, refusalOf } from '../testing/failure-of.ts';
import { openGrpcClient, isUnknownOutcome, type GrpcClient } from './grpc.client.ts';
import { openGrpcServer, type GrpcServer } from './grpc-server.ts';
import type { IncomingCall } from './incoming-call.ts';
import { unaryService } from './unary-service.ts';

type Payments = GrpcClient<typeof PaymentServiceService>;

/** What holds of every channel. */
const channels = {
  'over a network': ({ port }: GrpcServer) => ({ address: `127.0.0.1:${port}` }),
  'within a process': ({ inProcess }: GrpcServer) => ({ server: inProcess }),
};

/** Asks until the circuit lets a call through. */
async function eventuallyAnswered(ask: () => Promise<unknown>): Promise<void> {
  while ((await ask().catch(isActorError)) === true) await new Promise((resolve) => setImmediate(resolve));
}

for (const [way, targetOf] of Object.entries(channels)) {
  describe(`a call ${way}`, () => {
    let server: GrpcServer;
    let client: Payments;
    let lines: string[];
    /** What the server does with a GetPayment. */
    let answer: (call: IncomingCall) => unknown;
    let received: IncomingCall[];
    /** By observers. */
    let heard: string[];

    beforeEach(async () => {
      lines = [];
      received = [];
      heard = [];
      answer = () => undefined;
      const service = unaryService(PaymentServiceService, {
        charge: () => Promise.reject(new RpcError('unimplemented', 'not here')),
        refund: ({ checkoutId }) => ({ checkoutId }),
        async getPayment(_request, call) {
          received.push(call);
          await answer(call);
          return { payment: undefined };
        },
      });
      const logger = createLogger('debug', { write: (line: string) => lines.push(line) });
      server = await openGrpcServer({
        host: '127.0.0.1',
        port: 0,
        services: [service],
        logger,
        observer: { served: ({ rpc, status }) => heard.push(`${rpc} served: ${status}`) },
        shutdownMs: 200,
      });
      client = openGrpcClient(PaymentServiceService, { ...targetOf(server), breakAfterFailures: 100 });
    });
    afterEach(async () => {
      client.close();
      await server.close();
    });

    const ask = (context = {}) => client.call('getPayment', { checkoutId: 'c' }, context);

    it('is told to observers at both ends, and so is a circuit that opens and closes', async () => {
      const target = { ...targetOf(server), breakAfterFailures: 2, halfOpenAfterMs: 50 };
      const watched = openGrpcClient(PaymentServiceService, {
        ...target,
        observer: {
          called: ({ rpc, outcome, ms }) => heard.push(`${rpc} called: ${ms >= 0 ? outcome : 'never'}`),
          circuit: (service, isOpen) => heard.push(`${service} ${isOpen ? 'open' : 'closed'}`),
        },
      });
      const get = () => watched.call('getPayment', { checkoutId: 'c' });
      const taken = () => heard.splice(0).map((line) => line.replace('/payment.PaymentService/', ''));
      await get();
      answer = () => {
        throw new RpcError('not_found', 'no such payment');
      };
      await failureOf(get());
      expect(taken()).to.deep.equal([
        'payment.PaymentService closed',
        ...['GetPayment served: OK', 'GetPayment called: ok'],
        ...['GetPayment served: NOT_FOUND', 'GetPayment called: refused'],
      ]);
      answer = () => {
        throw new RpcError('unavailable', 'not now');
      };
      await failureOf(get());
      await failureOf(get());
      await failureOf(get());
      expect(taken()).to.deep.equal([
        ...['GetPayment served: UNAVAILABLE', 'GetPayment called: failed'],
        ...['GetPayment served: UNAVAILABLE', 'payment.PaymentService open', 'GetPayment called: failed'],
        'GetPayment called: not_called',
      ]);
      answer = () => undefined;
      await eventuallyAnswered(get);
      expect(taken()).to.include('payment.PaymentService closed');
      watched.close();
    });

    it('carries each code of ours there and back', async () => {
      for (const code of Object.keys(rpcStatuses) as RpcCode[]) {
        answer = () => {
          throw new RpcError(code, `refused: ${code}`, { details: { status: 'expired', left: 3 } });
        };
        const error = await failureOf(ask());
        const expose = rpcStatuses[code] !== 'INTERNAL';
        expect(error.code).to.equal(code);
        expect(error.message).to.equal(expose ? `refused: ${code}` : 'an internal error');
        expect(error.details, code).to.deep.equal(expose ? { status: 'expired', left: 3 } : undefined);
      }
    });

    it('refuses a request of more than a mebibyte, and takes one that is a little smaller', async () => {
      const error = await failureOf(client.call('refund', { checkoutId: 'x'.repeat(1024 * 1024) }));
      expect([error.code, error.message]).to.deep.equal([
        'unavailable',
        'a service has reached a limit of its own',
      ]);
      await client.call('refund', { checkoutId: 'x'.repeat(1024 * 1024 - 16) });
    });

    it('refuses a user that is none', async () => {
      expect(await refusalOf(ask({ userId: '-7' }))).to.equal('invalid_request');
      expect(received).to.deep.equal([]);
    });

    it('is told that the server serves until it drains, and is refused once it has closed', async () => {
      await client.check();
      server.drain();
      expect(await refusalOf(client.check())).to.equal('unavailable');
      await ask();
      await server.close();
      expect(await refusalOf(ask())).to.equal('unavailable');
      expect(received).to.have.length(1);
    });

    it('keeps what was not foreseen to itself, and logs it', async () => {
      answer = () => {
        throw new Error('the secret place is /var/x');
      };
      const error = await failureOf(ask({ requestId: 'r-1' }));
      expect(error.code).to.equal('internal');
      expect(error.message).to.equal('an internal error');
      const line = lines.find((each) => each.includes('secret place'));
      expect(line).to.include('"requestId":"r-1"').and.to.include('/payment.PaymentService/GetPayment');
    });

    it('passes on who calls, and nothing that is not plain text', async () => {
      const trace = {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'a=b',
      };
      await ask({ requestId: 'r-1', userId: '7', ...trace });
      expect(received[0]).to.include({ requestId: 'r-1', userId: '7', ...trace });
      await ask({ ...trace, tracestate: 'é' });
      expect(received[1]).to.include({ traceparent: trace.traceparent, tracestate: undefined });
      await ask({ requestId: 'a\nb', userId: 'é', traceparent: 'x'.repeat(129), tracestate: 'a=b' });
      const none = { requestId: undefined, userId: undefined, traceparent: undefined, tracestate: undefined };
      expect(received[2]).to.include(none);
    });

    it('gives up at the deadline, and tells the handler', async () => {
      const told = new Promise((resolve) => {
        answer = (call) =>
          new Promise<void>((done) => {
            call.signal.addEventListener('abort', () => {
              resolve('told');
              done();
            });
          });
      });
      // On a busy machine the deadline may pass before the call has come to the server.
      while (received.length === 0)
        expect(await refusalOf(ask({ timeoutMs: 100 }))).to.equal('deadline_exceeded');
      expect(await told).to.equal('told');
    });

    it('does not begin a call whose deadline has passed', async () => {
      expect(await refusalOf(ask({ timeoutMs: 0 }))).to.equal('deadline_exceeded');
      await ask();
      expect(received).to.have.length(1);
    });

    it('stops waiting when the caller aborts', async () => {
      const abort = new AbortController();
      const told = new Promise<boolean>((resolve) => {
        answer = (call) => {
          const heard = new Promise<void>((done) => {
            call.signal.addEventListener('abort', () => {
              resolve(true);
              done();
            });
          });
          abort.abort();
          return heard;
        };
      });
      const error = await failureOf(ask({ signal: abort.signal }));
      expect(error.code).to.equal('deadline_exceeded');
      expect(isUnknownOutcome(error)).to.equal(true);
      expect(await told).to.equal(true);
      expect(await refusalOf(ask({ signal: abort.signal }))).to.equal('deadline_exceeded');
      expect(received, 'an aborted call is not sent').to.have.length(1);
    });

    it('lets calls under way end before it closes', async () => {
      let finish = () => {};
      const begun = new Promise<void>((resolve) => {
        answer = () => {
          resolve();
          return new Promise<void>((done) => {
            finish = done;
          });
        };
      });
      const asked = ask();
      await begun;
      const closed = server.close();
      finish();
      await asked;
      await closed;
    });

    it('cuts calls off that do not end in time', async () => {
      const begun = new Promise<void>((resolve) => {
        answer = () => {
          resolve();
          return new Promise<void>(() => {});
        };
      });
      const asked = failureOf(ask());
      await begun;
      await server.close();
      expect(isUnknownOutcome(await asked)).to.equal(true);
    });
  });
}
