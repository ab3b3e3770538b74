import ArgumentParser
import Glibc

/// The command line: parses, runs, and turns every failure into one sentence and an exit code.
///
/// Exit codes: 0 done; 1 something outside failed (a port in use); 2 bad flags, a bad model file or bad rows;
/// 3 answers that `check` compared and that differ.
@main
struct Radial: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "radial",
    abstract: "Serves Dense + RBF networks: the class, the distance to every class, and \"none of these\".",
    version: radialVersion,
    subcommands: [
      Serve.self, Predict.self, Inspect.self, Convert.self, Check.self, Calibrate.self, Evaluate.self, FitCommand.self,
      AddClass.self, Compare.self, Probe.self, Version.self,
    ])

  static func main() {
    StandardStreams.occupy()
    let defaults = EnvironmentDefaults(environment: .process)
    var written: [String] = []
    do {
      let line = try CommandLineArguments(CommandLine.arguments)
      try line.checkCommand(among: configuration.subcommands.map { $0._commandName })
      written = line.arguments
      var command = try parseAsRoot(defaults.applied(to: written))
      try command.run()
      try StandardStreams.flush()
    } catch let failure as Failure {
      // What was said before comes before it, also where both go to one pipe.
      try? StandardStreams.flush()
      writeError("radial: \(failure.message)")
      Glibc.exit(failure.code)
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code.isSuccess { print(message) } else { writeError(message) }
      // The message names a flag that the user did not write.
      if code == .validationFailure, (try? parseAsRoot(written)) != nil {
        writeError("(set in the environment: \(defaults.used(with: written).joined(separator: ", ")))")
      }
      Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
    }
  }
}

/// `radial version`
struct Version: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print the version.")

  func run() { print(radialVersion) }
}

/// This release.
let radialVersion = "1.0.0"

/// A failure whose sentence is all that the user needs.
struct Failure: Error {
  let message: String
  let code: Int32

  /// Bad flags and bad model files.
  static func usage(_ message: String) -> Failure { Failure(message: message, code: 2) }
  /// The world outside: a port in use, a directory that cannot be read.
  static func environment(_ message: String) -> Failure { Failure(message: message, code: 1) }
}

/// Writes a line to standard error.
func writeError(_ line: String) { write(line.withFlags, to: STDERR_FILENO) }

/// Writes a line at once, past any buffer.
func write(_ line: String, to descriptor: Int32) {
  var text = line + "\n"
  text.withUTF8 { utf8 in
    var rest = UnsafeRawBufferPointer(utf8)
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
