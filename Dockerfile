# The image of the provider: Node, one bundle, V8's code cache of it, and nothing else. docs/adr/0010-image.md has the
# reasons. `npm run image` builds it where no image registry is at hand; `docker build .` does where one is.
#
# Tags move: a release names both bases by digest (`npm run release -- --build-image=... --runtime-image=...@sha256:...`).
# The run-time base must have Node 24 at /nodejs/bin/node, as the distroless images have.
ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:latest

# The bundle is the same for every platform, so the builder's own does it: nothing of it is native.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# Both secrets are optional: npm's settings, and the certificates of a proxy on the way to the registry.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npx tsx scripts/image/collect.ts /app

# Runs in the base, on the platform and as the user of the result: the code cache belongs to all of them, to the flags of
# V8 and to the path of the files.
FROM ${RUNTIME_IMAGE} AS cache
USER 0:0
COPY --from=build /app /app
COPY scripts/image/warm.mjs /warm.mjs
RUN ["/nodejs/bin/node", "--max-semi-space-size=4", "--no-concurrent-recompilation", "--use-openssl-ca", "--disable-sigusr1", "/warm.mjs"]

FROM ${RUNTIME_IMAGE}
COPY --from=cache /app /app
# One arena: more of them spare threads a wait that they do not have here, and cost 10 MB of free pieces.
ENV NODE_COMPILE_CACHE=/app/cache MALLOC_ARENA_MAX=1
# Kubelet's directories and the driver's belong to root; the process needs no capability to write there.
USER 0:0
# The flags of src/process/node-flags.ts; given here, the process does not start itself anew.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=4", "--no-concurrent-recompilation", "--use-openssl-ca", "--disable-sigusr1", "/app/main.js"]
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="secrets-store-csi-driver-provider-aws" \
      org.opencontainers.image.description="AWS provider for the Kubernetes Secrets Store CSI Driver" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0"
