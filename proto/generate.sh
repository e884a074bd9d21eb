#!/bin/sh
# Writes gen/ into the given folder: code for TypeScript, and the descriptors that servers tell of by reflection.
set -e
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
buf generate -o "$out"
descriptors() {
  buf build "$1" --as-file-descriptor-set --exclude-source-info -o "$out/gen/$2.binpb"
}
descriptors . services
descriptors ../node_modules/grpc-health-check/proto health
