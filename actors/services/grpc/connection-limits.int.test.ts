import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { Client, Metadata, credentials, status } from '@grpc/grpc-js';
import { silentLogger } from '@trolley/runtime';
import { PaymentServiceService } from '../../../proto/gen/payment/payment.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { openGrpcServer, type GrpcServer } from './grpc-server.ts';
import { unaryService } from './unary-service.ts';

const path = '/payment.PaymentService/Refund';
const never = 600_000;
const patient: ConnectionLimits = {
  idleMs: never,
  pingEveryMs: never,
  pingTimeoutMs: never,
  callsAtOnce: 100,
};
/** A gRPC message without fields. */
const empty = Buffer.alloc(5);

describe('connections to a gRPC server', () => {
  let server: GrpcServer;
  let opened: (Socket | ClientHttp2Session)[];
  const serve = async (limits: Partial<ConnectionLimits>) => {
    server = await openGrpcServer({
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      limits: { ...patient, ...limits },
      services: [
        unaryService(PaymentServiceService, {
          charge: () => new Promise(() => {}),
          refund: () => ({}),
          getPayment: () => ({ payment: undefined }),
        }),
      ],
    });
  };
  beforeEach(() => (opened = []));
  afterEach(async () => {
    for (const each of opened) each.destroy();
    await server.close();
  });

  const plug = (): Socket => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
    opened.push(socket);
    return socket;
  };
  const session = (): ClientHttp2Session => {
    const made = connectHttp2(`http://127.0.0.1:${server.port}`).on('error', () => undefined);
    opened.push(made);
    return made;
  };
  const call = (on: ClientHttp2Session, name = path) =>
    on.request({ ':method': 'POST', ':path': name, 'content-type': 'application/grpc', te: 'trailers' });

  it('end when not a byte comes', async () => {
    await serve({ pingEveryMs: 20, pingTimeoutMs: 20 });
    await once(plug().resume(), 'close');
  });

  it('end when something comes that is no HTTP/2', async () => {
    await serve({});
    const socket = plug().resume();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
  });

  it('end when there is no call, though pings are answered', async () => {
    await serve({ pingEveryMs: 20, pingTimeoutMs: never, idleMs: 50 });
    await once(session(), 'close');
  });

  it('stay while a call is answered, and serve the next', async () => {
    await serve({ pingEveryMs: 5, pingTimeoutMs: never });
    const one = session();
    for (const _ of [1, 2, 3]) {
      const stream = call(one).resume();
      stream.end(empty);
      const [trailers] = (await once(stream, 'trailers')) as [Record<string, string>];
      expect(trailers['grpc-status']).to.equal('0');
    }
    expect(one.closed).to.equal(false);
  });

  it('have no more calls at once than are allowed', async () => {
    await serve({ callsAtOnce: 3 });
    const one = session();
    await once(one, 'remoteSettings');
    expect(one.remoteSettings.maxConcurrentStreams).to.equal(3);
  });

  it('carry no more metadata than any call needs', async () => {
    await serve({});
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    const { refund } = PaymentServiceService;
    const outcome = (bytes: number) => {
      const metadata = new Metadata();
      metadata.set('x', 'x'.repeat(bytes));
      return new Promise((resolve) => {
        client.makeUnaryRequest(
          path,
          refund.requestSerialize,
          refund.responseDeserialize,
          { checkoutId: 'c' },
          metadata,
          (error) => resolve(error?.code),
        );
      });
    };
    expect(await outcome(10_000)).to.equal(undefined);
    expect(await outcome(200_000)).to.equal(status.INTERNAL);
    expect(await outcome(10_000), 'the next on the same connection').to.equal(undefined);
    client.close();
  });
});
