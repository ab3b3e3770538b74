import Foundation
import TestSupport
import Testing

/// What is between a test and the server: one test, run over each, proves the rules in-process and the sockets beside them.
enum Transport: String, CaseIterable, CustomTestStringConvertible {
  /// The same handler, called directly.
  case inProcess
  /// The real binary in a process of its own.
  case socket

  var testDescription: String { rawValue }

  /// Starts a server with the arguments of `radial serve`.
  /// - Parameter model: a file below `weights`; nil: the arguments name the models.
  func start(_ arguments: [String] = [], model: String? = "digits.safetensors") throws -> any StoppableServer {
    switch self {
    case .socket: try RunningServer(arguments, model: model)
    case .inProcess: InProcessServer(try InProcessService(arguments, model: model))
    }
  }
}

/// A server that can be told to end.
protocol StoppableServer: ServerUnderTest {
  /// SIGTERM, or what it does.
  func beginDraining()
  /// Waits for the end after `beginDraining`.
  /// - Returns: whether it was a clean one.
  func hasEndedWell() -> Bool
}

extension RunningServer: StoppableServer {
  func connect() throws -> any HTTPClient { try SocketClient(port: port) }
  func beginDraining() { send(SIGTERM) }
  func hasEndedWell() -> Bool { exitStatus() == 0 }
}
