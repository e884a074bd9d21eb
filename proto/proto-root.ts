import { fileURLToPath } from 'node:url';

/** The folder of the .proto files, for what reads them when it runs (server reflection). */
export const protoRoot = fileURLToPath(new URL('.', import.meta.url));
