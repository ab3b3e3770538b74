import ArgumentParser
import HTTPServer

/// Where a server listens: flags that `serve` and `probe` share. Each has its line in `EnvironmentDefaults.table`.
struct AddressOptions: ParsableArguments {
  @Option(help: "Address to listen on; unix:PATH for a unix-domain socket.")
  var host = "127.0.0.1"

  @Option(
    name: EnvironmentDefaults.names(of: "port"), help: Limits.port.help("TCP port, 0 for a free one"),
    transform: { UInt16(try Limits.port.integer($0)) })
  var port: UInt16 = 8080

  @Option(
    help:
      "A second address, HOST:PORT or unix:PATH, for health, metrics and the repository routes, which the first one then refuses.",
    transform: { text in
      guard ListenAddress(text) != nil else { throw ValidationError("expected HOST:PORT or unix:PATH") }
      return text
    })
  var adminAddress: String?

  @Option(
    help: "What every path begins with, such as /radial, behind a proxy that does not take it away.",
    transform: { text in
      let path = text.hasSuffix("/") ? String(text.dropLast()) : text
      // Characters that stand for themselves in a path (RFC 3986 3.3), and no segments that a client takes away.
      guard path.wholeMatch(of: /(\/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/) != nil,
        !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
      else {
        throw ValidationError(
          "expected a path that begins with a slash, such as /radial, of letters, digits and -._~!$&'()*+,;=:@")
      }
      return path
    })
  var pathPrefix: String?

  @Option(
    help:
      "A PEM file with the server's certificate, then those of the authorities behind it: the server speaks TLS alone. Read again on SIGHUP."
  )
  var tlsCert: String?

  /// Of `--host` and `--port`.
  var listening: ListenAddress { ListenAddress(host: host, port: port) }
  /// Of `--admin-address`; nil: there is none.
  var admin: ListenAddress? { adminAddress.flatMap(ListenAddress.init) }
}
