# Two stages: built with the Swift toolchain, run on slim Debian with a static Swift runtime.
FROM swift:6.3-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends libmicrohttpd-dev libgnutls28-dev libsimdjson-dev zlib1g-dev nettle-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --product radial \
 && install -D "$(swift build -c release --static-swift-stdlib --show-bin-path)/radial" /out/radial

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libmicrohttpd12 libgnutls30 libsimdjson14 libnettle8 zlib1g libstdc++6 curl \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/radial /usr/local/bin/radial
COPY weights/*.safetensors /usr/local/share/radial/weights/
# Numeric, so that Kubernetes' runAsNonRoot can check it. Nothing is ever written: run it with a read-only root.
USER 65532:65532
ENV RADIAL_HOST=0.0.0.0 RADIAL_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s CMD curl -fsS "http://127.0.0.1:${RADIAL_PORT}/readyz" || exit 1
ENTRYPOINT ["radial"]
CMD ["serve"]
