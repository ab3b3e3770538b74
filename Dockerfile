# Two stages: built with the Swift toolchain; run from scratch, by the binary, the libraries that it links, and the models. Debian 13, whose
# libmicrohttpd parses strictly; Swift has no image of it, and its toolchain for Debian 12 runs there.
# scripts/image.sh builds it where no registry can be reached, and tries it.
FROM debian:trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    libmicrohttpd-dev libgnutls28-dev libsimdjson-dev zlib1g-dev nettle-dev pkg-config \
    ca-certificates curl gnupg git gcc libc6-dev libstdc++-14-dev binutils libxml2 libncurses6 libedit2 libcurl4t64 libsqlite3-0 python3 \
 && rm -rf /var/lib/apt/lists/*
# A toolchain that is mounted there is taken as it is.
ENV PATH=/opt/swift/usr/bin:$PATH
ARG SWIFT_VERSION=6.3.1
RUN if command -v swift; then exit 0; fi; \
    case "$(dpkg --print-architecture)" in amd64) platform=debian12 ;; arm64) platform=debian12-aarch64 ;; *) exit 1 ;; esac \
 && name="swift-$SWIFT_VERSION-RELEASE" \
 && url="https://download.swift.org/swift-$SWIFT_VERSION-release/$platform/$name/$name-$platform.tar.gz" \
 && curl -fsSL "$url" -o swift.tar.gz && curl -fsSL "$url.sig" -o swift.tar.gz.sig \
 && curl -fsSL https://swift.org/keys/all-keys.asc | gpg --batch --quiet --import \
 && gpg --batch --verify swift.tar.gz.sig swift.tar.gz \
 && mkdir -p /opt/swift && tar -xzf swift.tar.gz -C /opt/swift --strip-components=1 && rm swift.tar.gz swift.tar.gz.sig
WORKDIR /source
ENV RADIAL_WITHOUT_TESTS=1
# What it depends on changes less often than what it is.
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
# libstdc++ and simdjson within the binary, which uses little of them: 2.3 MB less. A linker that finds no shared library takes the archive.
RUN libraries=/usr/lib/$(gcc -print-multiarch) && rm "$(gcc -print-file-name=libstdc++.so)" "$libraries/libsimdjson.so" \
 && ln -s libsimdjson_static.a "$libraries/libsimdjson.a"
# Relocations in their short form (DT_RELR): 1 MB less.
RUN swift build -c release --static-swift-stdlib --product radial -Xlinker -z -Xlinker pack-relative-relocs
COPY LICENSE ./
COPY weights weights
COPY scripts/package scripts/package
ARG SOURCE_DATE_EPOCH=0
RUN scripts/package/image-root.sh "$(swift build -c release --static-swift-stdlib --show-bin-path)/radial" /out

FROM scratch
COPY --from=build /out/ /
# Numeric, so that Kubernetes' runAsNonRoot can check it; any other works as well. Nothing is ever written: run it with a read-only root.
USER 65532:65532
ENV PATH=/usr/bin RADIAL_HOST=0.0.0.0 RADIAL_PORT=8080
EXPOSE 8080
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title=radial \
      org.opencontainers.image.description="Serves Dense + RBF networks: the class, the distance to every class, and none of these" \
      org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/usr/bin/radial", "probe"]
ENTRYPOINT ["/usr/bin/radial"]
CMD ["serve"]
