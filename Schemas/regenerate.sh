#!/bin/sh
# Generates Sources/CSchemas from the .proto files beside this script. Needs protoc-c (Debian: protobuf-c-compiler).
set -eu
cd "$(dirname "$0")"
command -v protoc-c >/dev/null || { echo "protoc-c is missing: apt-get install protobuf-c-compiler" >&2; exit 69; }
out=../Sources/CSchemas
for schema in *.proto; do
  protoc-c --proto_path=. --c_out="$out" "$schema"
  mv "$out/${schema%.proto}.pb-c.h" "$out/include/"
done
git -C .. status --short -- Sources/CSchemas
