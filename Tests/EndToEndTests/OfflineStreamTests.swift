import Foundation
import Testing

/// Where rows come from and predictions go, when the shell has its own ideas.
@Suite struct OfflineStreamTests {
  static let row = (0..<784).map { "\($0 % 255)" }.joined(separator: ",")
  private static let model = RunningServer.weights("digits.safetensors")

  @Test func `a closed descriptor is no place for anything else`() throws {
    let runner = try OfflineRunner()
    let rows = try runner.file("rows.csv", Self.row + "\nx\n" + Self.row + "\n")
    let out = runner.folder.path + "/out.jsonl"
    let flags = "--on-bad-row skip --outputs none"
    let plain = try OfflineRunner.shell("$0 predict $1 $2 \(flags)", [Self.model, rows])
    #expect(plain.status == 0 && plain.output.split(separator: "\n").count == 2)
    for closed in ["<&-", "2>&-", ">&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"] {
      let source = closed.contains("<&-") ? "$2" : "- < $2"
      let found = try OfflineRunner.shell(
        "$0 predict $1 \(source) -o $3 --force \(flags) \(closed)", [Self.model, rows, out])
      #expect(found.status == 0, "\(closed): \(found.error)")
      #expect(try String(contentsOfFile: out, encoding: .utf8) == plain.output, "\(closed)")
    }
    #expect(try OfflineRunner.shell("$0 predict $1 $2 >&-", [Self.model, rows]).status == 1)
    #expect(try OfflineRunner.shell("$0 predict $1 - <&-", [Self.model, rows]).status == 1)
  }

  @Test(arguments: ["version", "inspect $1", "predict $1 $2"])
  func `what cannot be written is no success`(_ command: String) throws {
    let runner = try OfflineRunner()
    let rows = try runner.file("rows.csv", Self.row + "\n")
    for place in ["> /dev/full", ">&-"] {
      let found = try OfflineRunner.shell("$0 \(command) \(place)", [Self.model, rows])
      #expect(found.status == 1 && found.error.contains("failed ("), "\(place): \(found)")
    }
  }

  static let sameFile = [
    "$0 predict $1 $2 >> $2", "$0 predict $1 - < $2 >> $2", "$0 predict $1 $2 1<> $2", "$0 predict $1 $2 >> $3",
    "$0 predict $1 - -o $2 --force < $2", "$0 predict $1 - -o $3 --force < $2", "$0 predict $4 $2 >> $4",
  ]

  @Test(arguments: sameFile)
  func `an input is no output, whoever opened it`(_ line: String) throws {
    let runner = try OfflineRunner()
    let rows = try runner.file("rows.csv", Self.row + "\n")
    let link = runner.folder.path + "/link.csv"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: rows)
    let weights = try Data(contentsOf: URL(fileURLWithPath: Self.model))
    let model = try runner.file("model.safetensors", weights)
    let found = try OfflineRunner.shell(line, [Self.model, rows, link, model])
    #expect(found.status == 2 && found.error.contains("nothing replaces an input"), "\(found.error)")
    #expect(try String(contentsOfFile: rows, encoding: .utf8) == Self.row + "\n")
    #expect(try Data(contentsOf: URL(fileURLWithPath: model)) == weights)
  }

  // Not SIGHUP and SIGINT: a child ignores them where the shell that began the tests does.
  @Test(arguments: [SIGTERM, SIGXCPU])
  func `a signal leaves nothing of an output file behind`(_ signal: Int32) throws {
    let runner = try OfflineRunner()
    let process = Process()
    process.executableURL = RunningServer.binary
    process.arguments = ["predict", Self.model, "-", "-o", runner.folder.path + "/out.jsonl"]
    let input = Pipe()
    process.standardInput = input
    process.standardError = FileHandle.nullDevice
    // A child has the signal mask of the thread that made it, and here that is one of a pool's.
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
    // More than the pipe and the command hold before the file is made: when it has been taken, there is one.
    let rows = Data(String(repeating: Self.row + "\n", count: 1000).utf8)
    try input.fileHandleForWriting.write(contentsOf: rows)
    #expect(try FileManager.default.contentsOfDirectory(atPath: runner.folder.path).count == 1)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == signal)
    #expect(try FileManager.default.contentsOfDirectory(atPath: runner.folder.path).isEmpty)
  }
}
