#!/usr/bin/env bash
# Builds the image over bases from the npm registry and tests it; as root on Debian it brings the tools that are missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
missing=()
for tool in buildah crun; do
  command -v "$tool" > /dev/null || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
fi
npm run --silent test:image
