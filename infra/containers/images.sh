#!/usr/bin/env bash
# Builds both images: `taskify`, all Python processes, and `taskify-web`, the page and what stands in front.
# Compose builds the same when they are missing; this names them by version and commit too.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
revision=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

build() { # build NAME DOCKERFILE
  docker build --quiet --file "infra/containers/$2" --tag "$1:$version" --tag "$1:latest" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" . >/dev/null
  docker image inspect --format "{{index .RepoTags 0}} {{.Size}}" "$1:latest" |
    awk -v name="$1:$version" '{ printf "%-22s %d MB\n", name, $2 / 1000000 }'
}

build taskify Dockerfile
build taskify-web web.Dockerfile
