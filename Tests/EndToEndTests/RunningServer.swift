import Foundation
import Synchronization

/// The real binary, started on a free port of 127.0.0.1 and ended by the test that started it.
final class RunningServer: Sendable {
  let port: UInt16
  let announcement: String
  private let process: Mutex<Process>

  static var binary: URL {
    // The test bundle and the executable are built into the same folder.
    Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("radial")
  }

  static var repository: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  static func weights(_ name: String) -> String {
    repository.appendingPathComponent("weights").appendingPathComponent(name).path
  }

  /// - Parameter model: a file below `weights`; nil: the arguments name the models.
  /// - Throws: `Failure` with what the process said, if it did not come up.
  /// - Parameter error: where its standard error goes.
  init(
    _ arguments: [String] = [], model: String? = "digits.safetensors", environment: [String: String] = [:],
    error: Any = FileHandle.nullDevice
  ) throws {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = ["serve", "--port", "0"] + (model.map { ["--model", Self.weights($0)] } ?? []) + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = error
    try process.run()
    var text = Data()
    while !text.contains(UInt8(ascii: "\n")) {
      let chunk = output.fileHandleForReading.availableData
      if chunk.isEmpty { break }
      text += chunk
    }
    announcement = String(decoding: text, as: UTF8.self)
    guard let match = announcement.firstMatch(of: /https?:\/\/[^ ]*?:([0-9]+)/), let port = UInt16(match.1) else {
      process.terminate()
      throw Failure(message: "the server did not start: \(announcement)")
    }
    self.port = port
    self.process = Mutex(process)
  }

  deinit { process.withLock { if $0.isRunning { kill($0.processIdentifier, SIGKILL) } } }

  struct Failure: Error { let message: String }

  func send(_ signal: Int32) { process.withLock { _ = kill($0.processIdentifier, signal) } }

  var processIdentifier: Int32 { process.withLock { $0.processIdentifier } }

  var isRunning: Bool { process.withLock { $0.isRunning } }

  /// Waits for the end and returns the exit status (negative: the signal that ended it).
  func exitStatus() -> Int32 {
    process.withLock {
      $0.waitUntilExit()
      return $0.terminationReason == .exit ? $0.terminationStatus : -$0.terminationStatus
    }
  }

  /// Runs the binary to its end: exit status and standard error.
  static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> (
    status: Int32, error: String, output: String
  ) {
    let process = Process()
    process.executableURL = binary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (error, output) = (Pipe(), Pipe())
    process.standardError = error
    process.standardOutput = output
    try process.run()
    let out = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text, out)
  }
}
