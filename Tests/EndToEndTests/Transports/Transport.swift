import TestSupport
import Testing

/// What is between a test and the server: one test, run over each, proves the rules in-process and the sockets beside them.
enum Transport: String, CaseIterable, CustomTestStringConvertible {
  /// The real binary in a process of its own.
  case socket
  /// The same handler, called directly.
  case inProcess

  var testDescription: String { rawValue }

  /// Starts a server with the arguments of `radial serve`.
  func start(_ arguments: [String] = []) throws -> any ServerUnderTest {
    switch self {
    case .socket: try RunningServer(arguments)
    case .inProcess: try InProcessServer(arguments)
    }
  }
}

extension RunningServer: ServerUnderTest {
  func connect() throws -> any HTTPClient { try SocketClient(port: port) }
}
