import { promises } from 'node:dns';
import { expect } from 'chai';
import { service as healthDefinition } from 'grpc-health-check';
import { Client, Metadata, Server, ServerCredentials, credentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ActorError, createLogger } from '@trolley/runtime';
import { CuttableLine } from '@trolley/runtime/testing';
import { type RpcCode, RpcError, rpcStatuses } from './rpc-error.ts';
import { describeServices } from '../../../proto/descriptors.ts';
import { PaymentServiceService } from '../../../proto/gen/payment/payment.ts';
import { failureOf, refusalOf } from '../testing/failure-of.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { openGrpcClient, isUnknownOutcome, type GrpcClient, type GrpcClientOptions } from './grpc.client.ts';
import { fromGrpcError } from './grpc-status.ts';
import { openGrpcServer, type GrpcServer, type GrpcServerOptions } from './grpc-server.ts';
import type { IncomingCall } from './incoming-call.ts';
import { unaryService } from './unary-service.ts';

type Payments = GrpcClient<typeof PaymentServiceService>;

describe('gRPC', () => {
  let server: GrpcServer;
  let client: Payments;
  let lines: string[];
  /** What the server does with a GetPayment. */
  let answer: (call: IncomingCall) => unknown;
  let received: IncomingCall[];

  const closers: (() => Promise<void> | void)[] = [];
  const connect = (options: Partial<GrpcClientOptions> = {}) => {
    const opened = openGrpcClient(PaymentServiceService, { address: `127.0.0.1:${server.port}`, ...options });
    closers.push(() => opened.close());
    return opened;
  };
  const serve = async (port = 0, more: Partial<GrpcServerOptions> = {}) => {
    const service = unaryService(PaymentServiceService, {
      charge: () => Promise.reject(new RpcError('unimplemented', 'not here')),
      refund: () => ({}),
      async getPayment(_request, call) {
        received.push(call);
        await answer(call);
        return { payment: undefined };
      },
    });
    const logger = createLogger('debug', { write: (line: string) => lines.push(line) });
    const options = {
      host: '127.0.0.1',
      port,
      services: [service],
      logger,
    };
    const opened = await openGrpcServer({ ...options, shutdownMs: 200, ...more });
    closers.push(() => opened.close());
    return opened;
  };

  beforeEach(async () => {
    lines = [];
    received = [];
    answer = () => undefined;
    server = await serve();
    client = connect();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  const ask = (context = {}) => client.call('getPayment', { checkoutId: 'c' }, context);
  const raw = () => {
    const connection = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    closers.push(() => connection.close());
    return connection;
  };

  it('carries each code of ours there and back, with its gRPC status', async () => {
    const { path, requestSerialize, responseDeserialize } = PaymentServiceService.getPayment;
    const connection = raw();
    for (const code of Object.keys(rpcStatuses) as RpcCode[]) {
      answer = () => {
        throw new RpcError(code, `refused: ${code}`, { details: { status: 'expired', left: 3 } });
      };
      const own = connect();
      const error = await failureOf(own.call('getPayment', { checkoutId: 'c' }));
      const grpc = rpcStatuses[code];
      const expose = grpc !== 'INTERNAL';
      expect(error.code).to.equal(code);
      expect(error.message).to.equal(expose ? `refused: ${code}` : 'an internal error');
      expect(error.details, code).to.deep.equal(expose ? { status: 'expired', left: 3 } : undefined);
      const sent = await new Promise<ServiceError | null>((resolve) => {
        connection.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          { checkoutId: 'c' },
          resolve,
        );
      });
      expect(sent?.code, code).to.equal(status[grpc]);
    }
  });

  it('carries a code of a newer program as itself, where its status says no more than that', async () => {
    answer = () => {
      throw new ActorError('promotion_over', 'the promotion is over', { details: { left: 0 } });
    };
    const error = await failureOf(ask());
    expect(error).to.include({ code: 'promotion_over', message: 'the promotion is over' });
    expect(error.details).to.deep.equal({ left: 0 });
    expect(isUnknownOutcome(error)).to.equal(false);

    const sent = (code: status, name: string) => {
      const metadata = new Metadata();
      metadata.set('error-code', name);
      return fromGrpcError(Object.assign(new Error(), { code, details: 'd', metadata })).code;
    };
    expect(sent(status.UNAVAILABLE, 'region_down')).to.equal('unavailable');
    expect(sent(status.NOT_FOUND, 'no_such_promotion')).to.equal('no_such_promotion');
    expect(sent(status.NOT_FOUND, 'conflict'), 'a code of another status').to.equal('not_found');
    expect(sent(status.FAILED_PRECONDITION, 'not a code of ours')).to.equal('conflict');
  });

  it('passes on the idempotency key of a caller', async () => {
    const { path, requestSerialize, responseDeserialize } = PaymentServiceService.getPayment;
    const metadata = new Metadata();
    metadata.set('idempotency-key', 'k');
    const connection = raw();
    await new Promise((resolve) => {
      connection.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { checkoutId: 'c' },
        metadata,
        resolve,
      );
    });
    expect(received[0]?.idempotencyKey).to.equal('k');
  });

  it('tells a refusal from an unknown outcome', () => {
    const known: RpcCode[] = [
      'not_found',
      'conflict',
      'insufficient_stock',
      'invalid_request',
      'aborted',
      'mailbox_full',
    ];
    for (const code of known) expect(isUnknownOutcome(new RpcError(code, '')), code).to.equal(false);
    const unknown: RpcCode[] = ['unavailable', 'deadline_exceeded', 'internal'];
    for (const code of unknown) expect(isUnknownOutcome(new RpcError(code, '')), code).to.equal(true);
    expect(isUnknownOutcome(new Error('x'))).to.equal(true);
  });

  it('says what a foreign server means by its status', async () => {
    const foreign = new Server();
    let sent = status.OK;
    const fail = (_: unknown, done: (error: Partial<ServiceError>) => void) =>
      done({ code: sent, details: 'd' });
    foreign.addService(PaymentServiceService, { charge: fail, refund: fail, getPayment: fail });
    const port = await new Promise<number>((resolve, reject) => {
      foreign.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    closers.push(() => foreign.forceShutdown());
    client = connect({ address: `127.0.0.1:${port}`, breakAfterFailures: 100 });
    const codes: [status, RpcCode][] = [
      [status.INVALID_ARGUMENT, 'invalid_request'],
      [status.OUT_OF_RANGE, 'invalid_request'],
      [status.NOT_FOUND, 'not_found'],
      [status.FAILED_PRECONDITION, 'conflict'],
      [status.ALREADY_EXISTS, 'already_exists'],
      [status.PERMISSION_DENIED, 'forbidden'],
      [status.UNAUTHENTICATED, 'unauthorized'],
      [status.RESOURCE_EXHAUSTED, 'unavailable'],
      [status.ABORTED, 'aborted'],
      [status.CANCELLED, 'deadline_exceeded'],
      [status.UNAVAILABLE, 'unavailable'],
      [status.UNKNOWN, 'internal'],
      [status.DATA_LOSS, 'internal'],
      [status.UNIMPLEMENTED, 'unimplemented'],
    ];
    for (const [code, wanted] of codes) {
      sent = code;
      expect(await refusalOf(ask()), status[code]).to.equal(wanted);
    }
    sent = status.RESOURCE_EXHAUSTED;
    expect((await failureOf(ask())).message).to.equal('a service has reached a limit of its own');
  });

  describe('the circuit', () => {
    it('stays closed whatever the far side refuses', async () => {
      client = connect({ breakAfterFailures: 2 });
      const refusals = [
        'not_found',
        'invalid_request',
        'conflict',
        'insufficient_stock',
        'already_exists',
        'forbidden',
      ];
      for (const code of [...refusals, ...refusals] as RpcCode[]) {
        answer = () => {
          throw new RpcError(code, 'refused');
        };
        expect(await refusalOf(ask())).to.equal(code);
        expect(client.circuitOpen, code).to.equal(false);
      }
    });

    it('opens on a target that is gone, refuses at once, and closes when it is back', async () => {
      client = connect({ breakAfterFailures: 2, halfOpenAfterMs: 20 });
      await ask();
      const { port } = server;
      await server.close();
      while (!client.circuitOpen) {
        const error = await failureOf(ask());
        expect([error.code, error.message]).to.deep.equal(['unavailable', 'a service is not available']);
      }
      expect((await failureOf(ask())).message).to.equal('payment.PaymentService does not answer; not called');

      server = await serve(port);
      let answered = false;
      while (!answered) {
        answered = await ask().then(
          () => true,
          () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 5)),
        );
      }
      expect(client.circuitOpen).to.equal(false);
    });

    it('opens on deadlines and internal errors, not on callers that abort', async () => {
      for (const failing of ['deadline_exceeded', 'internal'] as const) {
        client = connect({ breakAfterFailures: 2 });
        answer = () => {
          throw new RpcError(failing, 'x');
        };
        await failureOf(ask());
        await failureOf(ask());
        expect(client.circuitOpen, failing).to.equal(true);
      }
      client = connect({ breakAfterFailures: 2 });
      for (const _ of [1, 2, 3]) await failureOf(ask({ signal: AbortSignal.abort() }));
      expect(client.circuitOpen, 'aborted').to.equal(false);
    });

    it('opens after five failures in a row unless told otherwise', async () => {
      client = connect({});
      answer = () => {
        throw new RpcError('internal', 'x');
      };
      for (let failures = 1; failures <= 5; failures++) {
        expect(client.circuitOpen, `before failure ${failures}`).to.equal(false);
        await failureOf(ask());
      }
      expect(client.circuitOpen).to.equal(true);
    });
  });

  describe('the bulkhead', () => {
    it('makes no more calls at once than it may, and tells how many are under way', async () => {
      const told: number[] = [];
      const outcomes: string[] = [];
      client = connect({
        maxConcurrent: 2,
        observer: {
          underWay: (_service, calls) => void told.push(calls),
          called: ({ outcome }) => void outcomes.push(outcome),
        },
      });
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      answer = () => released;
      const held = [ask(), ask()];
      const error = await failureOf(ask());
      expect([error.code, error.message]).to.deep.equal([
        'unavailable',
        'payment.PaymentService has 2 calls under way; not called',
      ]);
      expect(client.circuitOpen).to.equal(false);
      release();
      await Promise.all(held);
      await ask();
      expect(told).to.deep.equal([1, 2, 1, 0, 1, 0]);
      expect(outcomes).to.deep.equal(['not_called', 'ok', 'ok', 'ok']);
    });
  });

  describe('health', () => {
    async function statusOf(service: string): Promise<unknown> {
      const check = healthDefinition['Check'];
      if (check === undefined) throw new Error('no Check in the health definition');
      const connection = raw();
      const { path, requestSerialize, responseDeserialize } = check;
      return new Promise((resolve, reject) => {
        connection.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          { service },
          (error, answered) =>
            error === null ? resolve((answered as { status: unknown }).status) : reject(error),
        );
      });
    }

    it('is good until the server drains', async () => {
      expect(await statusOf('')).to.equal('SERVING');
      expect(await statusOf('payment.PaymentService')).to.equal('SERVING');
      await client.check();
      server.drain();
      expect(await statusOf('')).to.equal('NOT_SERVING');
      expect(await statusOf('payment.PaymentService')).to.equal('NOT_SERVING');
      expect((await failureOf(client.check())).code).to.equal('unavailable');
    });

    it('follows what the server needs, until it drains', async () => {
      const clock = new ManualClock();
      let looks = 0;
      let broken = true;
      let looked = () => {};
      const needy = await serve(0, {
        clock,
        needs: {
          async store() {
            looks += 1;
            looked();
            if (broken) throw new Error('the disk is full');
          },
        },
      });
      const own = connect({ address: `127.0.0.1:${needy.port}` });
      const nextLook = async () => {
        const look = new Promise<void>((resolve) => (looked = resolve));
        clock.advance(1000);
        await look;
      };
      expect((await failureOf(own.check())).code).to.equal('unavailable');
      expect(lines.join('')).to.include('"reasons":{"store":"the disk is full"}');
      broken = false;
      await nextLook();
      await own.check();
      broken = true;
      await nextLook();
      expect((await failureOf(own.check())).code).to.equal('unavailable');
      broken = false;
      needy.drain();
      await nextLook();
      expect((await failureOf(own.check())).code).to.equal('unavailable');
      await needy.close();
      clock.advance(10_000);
      expect(looks).to.equal(4);
    });

    it('is asked past an open circuit', async () => {
      answer = () => {
        throw new RpcError('unavailable', 'not now');
      };
      const own = connect({ breakAfterFailures: 1 });
      await failureOf(own.call('getPayment', { checkoutId: 'c' }));
      expect(own.circuitOpen).to.equal(true);
      await own.check();
      expect(own.circuitOpen).to.equal(true);
    });
  });

  describe('reflection', () => {
    /** The answer to a ServerReflectionRequest with this field, as bytes. */
    async function reflect(field: 4 | 7, text: string): Promise<Buffer> {
      const stream = raw().makeBidiStreamRequest(
        '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
      );
      const answered = new Promise<Buffer>((resolve, reject) => {
        stream.on('data', resolve);
        stream.on('error', reject);
      });
      stream.write(Buffer.from([field * 8 + 2, text.length, ...Buffer.from(text)]));
      const bytes = await answered;
      stream.end();
      return bytes;
    }

    it('lists the services', async () => {
      const listed = (await reflect(7, '')).toString('latin1');
      expect(listed).to.include('payment.PaymentService').and.to.include('grpc.health.v1.Health');
    });

    it('describes them as the compiler does', async () => {
      for (const service of ['payment.PaymentService', 'grpc.health.v1.Health']) {
        const described = Buffer.concat(describeServices([service]));
        expect(described).not.to.have.length(0);
        expect((await reflect(4, service)).includes(described), service).to.equal(true);
      }
    });
  });

  describe('when the far side', () => {
    let line: CuttableLine;
    const overLine = async (options: Partial<GrpcClientOptions> = {}) => {
      line = await CuttableLine.to(server.port);
      closers.push(() => line.cut());
      return connect({ address: `127.0.0.1:${line.port}`, ...options });
    };
    const askOver = (over: Payments) => over.call('getPayment', { checkoutId: 'c' });
    const answers = async (over: Payments) => {
      const isAnswered = () =>
        askOver(over).then(
          () => true,
          () => false,
        );
      while (!(await isAnswered())) await new Promise(setImmediate);
    };

    it('comes back under another address, finds it', async () => {
      const { lookup } = promises;
      let address = '127.0.0.1';
      const resolve = () => Promise.resolve([{ address, family: 4 }]);
      promises.lookup = resolve as unknown as typeof lookup;
      closers.push(() => void (promises.lookup = lookup));
      const over = connect({ address: `payment.test:${server.port}` });
      await askOver(over);
      await server.close();
      address = '127.0.0.2';
      await serve(server.port, { host: address });
      await answers(over);
    });

    it('is gone without a word, connects again', async () => {
      const over = await overLine({ defaultTimeoutMs: 15_000, keepAliveMs: 200 });
      await askOver(over);
      line.abandon();
      await failureOf(askOver(over));
      await askOver(over);
    });

    it('takes a connection up and says nothing, begins another', async () => {
      const over = await overLine({ defaultTimeoutMs: 300, connectLimitMs: 200 });
      line.die();
      await failureOf(askOver(over));
      line.revive();
      await answers(over);
    });
  });

  it('says which port is taken', async () => {
    const error = await failureOf(serve(server.port));
    expect(error.code).to.equal('conflict');
    expect(error.message).to.include(`127.0.0.1:${server.port}`);
  });
});
