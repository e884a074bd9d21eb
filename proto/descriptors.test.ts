import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, type DescriptorProto } from '@bufbuild/protobuf/wkt';
import { expect } from 'chai';
import { describeServices } from './descriptors.ts';

const filesOf = (...services: string[]) =>
  describeServices(services).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));

const messagesOf = (messages: readonly DescriptorProto[]): DescriptorProto[] =>
  messages.flatMap((message) => [message, ...messagesOf(message.nestedType)]);

describe('describeServices', () => {
  it('gives the files of the services asked for, and no others', () => {
    const files = filesOf('cart.CartService', 'grpc.health.v1.Health');
    expect(files.map(({ name }) => name)).to.deep.equal(['cart/cart.proto', 'health/v1/health.proto']);
    expect(filesOf('cart.Nothing')).to.deep.equal([]);
  });

  it('ends reserved numbers behind the last, as strict readers want it', () => {
    const messages = messagesOf(filesOf('product.ProductService').flatMap((file) => file.messageType));
    const ranges = messages.flatMap(({ reservedRange }) =>
      reservedRange.map(({ start, end }) => [start, end]),
    );
    expect(ranges).to.deep.equal([[6, 7]]);
  });

  it('names the entries of maps as strict readers want it', () => {
    const messages = messagesOf(filesOf('grpc.health.v1.Health').flatMap((file) => file.messageType));
    const entries = messages.filter(({ options }) => options?.mapEntry === true).map(({ name }) => name);
    expect(entries).to.deep.equal(['StatusesEntry']);
  });
});
