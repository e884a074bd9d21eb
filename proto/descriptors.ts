import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/** The files that describe these services and all that they use, as the compiler wrote them: `FileDescriptorProto`s. */
export function describeServices(services: readonly string[]): Uint8Array[] {
  const files = new Map(['services', 'health'].flatMap(filesIn).map((file) => [file.name, file]));
  const wanted = new Set<FileDescriptorProto>();
  function want(file: FileDescriptorProto | undefined): void {
    if (file === undefined || wanted.has(file)) return;
    wanted.add(file);
    for (const imported of file.dependency) want(files.get(imported));
  }
  for (const file of files.values()) {
    const names = file.service.map(({ name }) => `${file.package}.${name}`);
    if (names.some((name) => services.includes(name))) want(file);
  }
  return [...wanted].map((file) => toBinary(FileDescriptorProtoSchema, file));
}

function filesIn(name: string): FileDescriptorProto[] {
  const bytes = readFileSync(new URL(`gen/${name}.binpb`, import.meta.url));
  return fromBinary(FileDescriptorSetSchema, bytes).file;
}
