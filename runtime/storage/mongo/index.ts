/**
 * States in MongoDB, a document per actor. `mongodb` is a peer dependency.
 */
export {
  createMongoConnection,
  type MongoConnection,
  type MongoConnectionOptions,
} from './mongo-connection.ts';
export { jsonDocuments, type MongoDocuments } from './mongo-documents.ts';
export { MongoStateStore, type MongoStateStoreOptions } from './mongo-state-store.ts';
