import Bytes
import HTTPServer
import InferenceAPI
import Logging

/// What the flags say of who may ask, and where.
extension Serve {
  /// The keys of `--api-key-file`; nil: nobody needs one.
  func apiKeys() throws -> APIKeys? {
    guard let path = options.apiKeyFile else { return nil }
    do throws(APIKeys.Problem) {
      return try APIKeys(path: path)
    } catch {
      throw Failure.usage("--api-key-file: \(error)")
    }
  }

  /// What is asked of callers.
  func accessConfiguration(_ keys: APIKeys?) -> Gate.Configuration {
    var access = Gate.Configuration()
    access.keys = keys
    access.allowedOrigins = options.corsAllowOrigin
    access.allowedHosts = options.allowedHost
    access.pathPrefix = options.address.pathPrefix ?? ""
    return access
  }

  /// The log of `--unknown-log`; nil: there is none.
  func openUnknownLog(_ logger: Logger) throws -> UnknownLog? {
    guard let directory = options.unknownLog else { return nil }
    do throws(FileProblem) {
      return try UnknownLog(directory: directory, maxBytes: options.unknownLogBytes, logger: logger)
    } catch {
      throw Failure.environment("--unknown-log: \(error)")
    }
  }

  /// The admin listener's: small, and with connections and memory of its own, so that nobody on the public one can take them.
  func adminConfiguration(_ address: ListenAddress) -> ServerConfiguration {
    var configuration = serverConfiguration(reactors: 1, MemoryBudget(limit: 8 << 20))
    configuration.address = address
    configuration.maxConnections = min(configuration.maxConnections, 256)
    configuration.maxBodyBytes = min(configuration.maxBodyBytes, 64 << 10)
    return configuration
  }
}
