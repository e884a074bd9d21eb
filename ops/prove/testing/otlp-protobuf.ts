import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/*
 * OTLP as protobuf, read into what the same request is as JSON. Numbers of fields: opentelemetry-proto, `trace.proto`,
 * `common.proto`, `resource.proto`.
 */

export interface EncodedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: EncodedAttributes;
  readonly status?: { readonly code?: number };
}

export type EncodedAttributes = readonly {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}[];

export interface EncodedRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: EncodedAttributes };
    readonly scopeSpans: readonly { readonly spans: readonly EncodedSpan[] }[];
  }[];
}

/** The fields of a message by number: bytes, or a number, which is text where it is large. */
type Fields = ReadonlyMap<number, readonly (Uint8Array | bigint | string)[]>;

function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | bigint | string)[]>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const values = fields.get(number) ?? [];
    fields.set(number, values);
    if (type === WireType.LengthDelimited) values.push(reader.bytes());
    else if (type === WireType.Bit64) values.push(reader.fixed64());
    else if (type === WireType.Varint) values.push(reader.uint64());
    else reader.skip(type);
  }
  return fields;
}

const messages = (fields: Fields, number: number) =>
  (fields.get(number) ?? []).map((bytes) => fieldsOf(bytes as Uint8Array));
const message = (fields: Fields, number: number): Fields => messages(fields, number)[0] ?? new Map();
const bytesOf = (fields: Fields, number: number) =>
  Buffer.from((fields.get(number)?.[0] ?? new Uint8Array()) as Uint8Array);
const text = (fields: Fields, number: number) => bytesOf(fields, number).toString();
const hex = (fields: Fields, number: number) => bytesOf(fields, number).toString('hex');
const integer = (fields: Fields, number: number) => String(fields.get(number)?.[0] ?? 0n);

/** Text, booleans and integers: spans have no other attributes. */
function valueOf(value: Fields): Readonly<Record<string, unknown>> {
  if (value.has(2)) return { boolValue: integer(value, 2) === '1' };
  return value.has(3) ? { intValue: Number(integer(value, 3)) } : { stringValue: text(value, 1) };
}

const attributesOf = (fields: Fields, number: number): EncodedAttributes =>
  messages(fields, number).map((pair) => ({ key: text(pair, 1), value: valueOf(message(pair, 2)) }));

const spanOf = (span: Fields): EncodedSpan => ({
  traceId: hex(span, 1),
  spanId: hex(span, 2),
  traceState: text(span, 3),
  parentSpanId: hex(span, 4),
  name: text(span, 5),
  kind: Number(integer(span, 6)),
  startTimeUnixNano: integer(span, 7),
  endTimeUnixNano: integer(span, 8),
  attributes: attributesOf(span, 9),
  status: { code: Number(integer(message(span, 15), 3)) },
});

/** An `ExportTraceServiceRequest`. */
export function readOtlpRequest(bytes: Uint8Array): EncodedRequest {
  return {
    resourceSpans: messages(fieldsOf(bytes), 1).map((ofResource) => ({
      resource: { attributes: attributesOf(message(ofResource, 1), 1) },
      scopeSpans: messages(ofResource, 2).map((ofScope) => ({ spans: messages(ofScope, 2).map(spanOf) })),
    })),
  };
}
