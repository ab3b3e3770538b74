# Two stages: built with the Swift toolchain, run on slim Debian with a static Swift runtime. Debian 13, whose libmicrohttpd parses strictly;
# Swift has no image of it, and its toolchain for Debian 12 runs there.
FROM debian:trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    libmicrohttpd-dev libgnutls28-dev libsimdjson-dev zlib1g-dev nettle-dev pkg-config \
    ca-certificates curl gnupg git gcc libc6-dev libstdc++-14-dev binutils libxml2 libncurses6 libedit2 libcurl4t64 libsqlite3-0 \
 && rm -rf /var/lib/apt/lists/*
ARG SWIFT_VERSION=6.3.1
RUN case "$(dpkg --print-architecture)" in amd64) platform=debian12 ;; arm64) platform=debian12-aarch64 ;; *) exit 1 ;; esac \
 && name="swift-$SWIFT_VERSION-RELEASE" \
 && url="https://download.swift.org/swift-$SWIFT_VERSION-release/$platform/$name/$name-$platform.tar.gz" \
 && curl -fsSL "$url" -o swift.tar.gz && curl -fsSL "$url.sig" -o swift.tar.gz.sig \
 && curl -fsSL https://swift.org/keys/all-keys.asc | gpg --batch --quiet --import \
 && gpg --batch --verify swift.tar.gz.sig swift.tar.gz \
 && tar -xzf swift.tar.gz -C / --strip-components=1 && rm swift.tar.gz swift.tar.gz.sig
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --product radial \
 && install -D "$(swift build -c release --static-swift-stdlib --show-bin-path)/radial" /out/radial

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libmicrohttpd12t64 libgnutls30t64 libsimdjson25 libnettle8t64 zlib1g libstdc++6 curl \
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
