import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { type EncodedAttributes, type EncodedRequest, readOtlpRequest } from './otlp-protobuf.ts';

/** A span as a collector hears of it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
  readonly isError: boolean;
  /** Nanoseconds since the epoch. */
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of the process that it comes from. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A request as it came, of whatever form its body is. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
}

const kinds: readonly ReceivedSpan['kind'][] = [
  'INTERNAL',
  'INTERNAL',
  'SERVER',
  'CLIENT',
  'PRODUCER',
  'CONSUMER',
];
const errorStatus = 2;

/** Over gRPC, as bytes: what they say is read here. */
const traceService = {
  Export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
} satisfies ServiceDefinition;

/** A collector that takes OTLP over HTTP, as JSON or protobuf, and over gRPC. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: ReceivedRequest[] = [];
  /** What requests over HTTP are answered with; over gRPC others than 200 are `unavailable`. */
  status = 200;
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const body = Buffer.concat(chunks);
      const isJson = headers['content-type'] === 'application/json';
      this.#take({ path, headers, bytes: body.length }, () =>
        isJson ? (JSON.parse(body.toString()) as EncodedRequest) : readOtlpRequest(body),
      );
      response.writeHead(this.status, { 'content-type': headers['content-type'] });
      response.end(isJson ? '{}' : '');
    });
  });
  readonly #grpc = new Server();
  #grpcPort = 0;

  static async open(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    receiver.#grpc.addService(traceService, {
      Export: receiver.#export,
    });
    receiver.#grpcPort = await new Promise<number>((resolve, reject) => {
      receiver.#grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get grpcUrl(): string {
    return `http://127.0.0.1:${this.#grpcPort}`;
  }

  readonly #export: handleUnaryCall<Buffer, Buffer> = ({ request, metadata }, callback) => {
    const headers = metadata.getMap() as IncomingHttpHeaders;
    this.#take({ path: traceService.Export.path, headers, bytes: request.length }, () =>
      readOtlpRequest(request),
    );
    if (this.status === 200) callback(null, Buffer.alloc(0));
    else callback({ code: status.UNAVAILABLE });
  };

  #take(request: ReceivedRequest, read: () => EncodedRequest): void {
    this.requests.push(request);
    if (this.status === 200) this.spans.push(...decode(read()));
  }

  /** Those of one trace. */
  of(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#grpc.forceShutdown();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function decode({ resourceSpans }: EncodedRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        traceState: span.traceState ?? '',
        name: span.name,
        kind: kinds[span.kind] ?? 'INTERNAL',
        isError: span.status?.code === errorStatus,
        startedAt: BigInt(span.startTimeUnixNano),
        endedAt: BigInt(span.endTimeUnixNano),
        attributes: attributesOf(span.attributes),
        resource: attributesOf(resource.attributes),
      })),
    ),
  );
}

function attributesOf(encoded: EncodedAttributes): Readonly<Record<string, unknown>> {
  return Object.fromEntries(encoded.map(({ key, value }) => [key, Object.values(value)[0]]));
}
