#!/bin/sh
# Builds a Kubo daemon for the tests into .cache/kubo/ipfs, where there is a Go toolchain; does nothing when it is there.
#
# `go install` refuses Kubo, whose go.mod excludes module versions. So a module of our own takes over Kubo's go.mod and
# go.sum, and with them the exact versions that Kubo was released with. v0.43 replaces a library by an unreleased fork
# that the module proxy does not have, hence v0.42.
set -eu
version=v0.42.0
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
target="$root/.cache/kubo/ipfs"

if [ -x "$target" ] && [ "$("$target" version --number)" = "${version#v}" ]; then exit 0; fi
command -v go >/dev/null || { echo 'no Go toolchain: put an ipfs binary on the PATH or name it with KUBO_BINARY' >&2; exit 1; }

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
source=$(go mod download -json "github.com/ipfs/kubo@$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
sed 's#^module github.com/ipfs/kubo$#module kubo-for-tests#' "$source/go.mod" >go.mod
cat "$source/go.sum" >go.sum
cp "$here/main.go" .
go mod edit -require="github.com/ipfs/kubo@$version"
CGO_ENABLED=0 GOFLAGS='-mod=mod -buildvcs=false' go build -trimpath -ldflags='-s -w' -o ipfs .
mkdir -p "$(dirname "$target")"
mv ipfs "$target"
echo "built Kubo $version: $target"
