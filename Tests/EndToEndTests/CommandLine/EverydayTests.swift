import Foundation
import Testing

@testable import radial

/// What people type.
@Suite struct EverydayTests {
  static let digits = RunningServer.weights("digits.safetensors")
  static let example = RunningServer.weights("example.safetensors")

  @Test(arguments: [
    (["sevre"], "did you mean 'serve'?"), (["help", "sevre"], "did you mean 'serve'?"),
    (["help", "xyz"], "there is no command 'xyz' (commands: serve"), (["Serve"], "did you mean 'serve'?"),
    ([digits], "is a file and no command; to serve it: radial serve"),
    (["--port", "1"], "--port is a flag of serve"), (["--model=x.keras"], "write: radial serve --model"),
    (["--versoin"], "did you mean --version?"), (["-v"], "Unknown option '-v'"),
    (["serve", "--prot", "1"], "Did you mean '--port'?"),
    (["serve", "--port", "99999"], "expected 0 to 65535"), (["serve", "--port", "abc"], "expected 0 to 65535"),
    (["serve", "--port", "-1"], "expected 0 to 65535"), (["serve", "--port", "80.5"], "expected 0 to 65535"),
    (["serve", "--threads", "0"], "expected 1 to 1024"),
    (["serve", "--idle-timeout", "5d"], "expected 0.1 to 86400 seconds"),
    (["serve", "--max-body-bytes", "2GB"], "expected 1 to 1073741824 bytes"),
    (["serve", "--inline-budget", "1h"], "expected 0 to 10000 milliseconds"),
    (["serve", "--max-batch-rows", "9223372036854775808"], "expected 1 to 1000000"),
    (["serve", "--false-reject-rate", "1"], "expected a number between 0 and 1"),
    (["serve", "--gamma", "-1"], "expected a positive number"),
    (["serve", digits, "--labels", "a,b", "--check"], "2 labels were given, expected 10"),
    (["serve", digits, "--gamma", "1", "--check"], "Keras files"),
    (["serve", digits, example, "--gamma", "1", "--check"], "none of the models is one"),
    (["serve", digits, example, "--labels", "a"], "write it into radial.json"),
    (["serve", "--models-dir", "/", "--false-reject-rate", "0.1"], "write it into radial.json"),
    (["serve", example, "--false-reject-rate", "0.1", "--check"], "carries no calibration"),
    (["serve", digits, "--default-model", "digit", "--check"], "did you mean 'digits'?"),
    (["serve", digits, digits], "two models are called 'digits'"),
    (["serve", "no.keras"], "no.keras: cannot be opened"),
  ])
  func `a mistake is answered with what was expected, and with exit code 2`(arguments: [String], sentence: String)
    throws
  {
    let found = try RunningServer.run(arguments)
    #expect(found.status == 2 && found.error.contains(sentence) && found.output.isEmpty, "\(found)")
  }

  @Test func `version and help exit with 0`() throws {
    #expect(try RunningServer.run(["version"]).output == RunningServer.run(["--version"]).output)
    for arguments in [["version"], ["help"], ["help", "serve"], ["serve", "--help"], []] {
      let found = try RunningServer.run(arguments)
      #expect(found.status == 0 && !found.output.isEmpty && found.error.isEmpty)
    }
  }

  @Test func `models need no flag, and those without one come first`() throws {
    let server = try RunningServer(["--model", Self.digits, "\(Self.example)=e"], model: nil)
    #expect(server.announcement.contains("digits version 1, e version 1"))
    let answer = try Client(port: server.port).exchange("GET", "/model")
    #expect(answer.json["name"] as? String == "e")
  }

  @Test func `a missing proc is found by the missing arguments, and said`() throws {
    let failure = #expect(throws: Failure.self) { try CommandLineArguments([]) }
    #expect(failure?.code == 1 && failure?.message.contains("/proc is not mounted") == true)
    #expect(try CommandLineArguments(["radial"]).arguments.isEmpty)
    let line = ["radial", "serve", "--gamma", "-1", "--quiet", "-.5", "-", "--port", "-h", "--", "-1"]
    #expect(
      try CommandLineArguments(line).arguments == [
        "serve", "--gamma=-1", "--quiet=-.5", "-", "--port", "-h", "--", "-1",
      ])
  }

  @Test func `check says what would be served, beside a running server too`() throws {
    let server = try RunningServer()
    let found = try RunningServer.run([
      "serve", Self.example, "\(Self.digits)=d", "--check", "--port", String(server.port), "--max-body-bytes", "2MB",
    ])
    #expect(found.status == 0)
    let lines = found.output.split(separator: "\n").map(String.init)
    #expect(lines.first?.hasPrefix("d version 1: classifier by the nearest of 10 prototypes, input [784]") == true)
    #expect(lines.contains("--max-body-bytes=2000000") && lines.contains("--default-model=example"))
    // What it prints is a command line.
    let again = try RunningServer.run(
      ["serve", Self.example, "\(Self.digits)=d", "--check"] + lines.filter { $0.hasPrefix("--") })
    #expect(again.status == 0 && again.output == found.output)
  }

  @Test func `check names everything that is wrong, once, and exits with 2`() throws {
    let found = try RunningServer.run(["serve", "no-1.keras", Self.digits, "no-2.keras", "--check"])
    #expect(found.status == 2)
    for name in ["no-1.keras", "no-2.keras"] { #expect(found.error.components(separatedBy: name).count == 2) }
    try ContainerTests.withFolder(["m/1/model.safetensors", "m/2/model.safetensors"]) { folder in
      try Data("{\"label\":[]}".utf8).write(to: URL(fileURLWithPath: folder + "/m/2/radial.json"))
      let found = try RunningServer.run(["serve", "--models-dir", folder, "--check"])
      #expect(found.status == 2 && found.error.contains("m/2/radial.json: unknown member 'label'"))
    }
    try ContainerTests.withFolder(["x/README.safetensors.txt"]) { folder in
      let empty = try RunningServer.run(["serve", "--models-dir", folder, "--check"])
      #expect(empty.status == 2 && empty.error.contains("there is no model in it"))
    }
  }

  @Test func `a port in use is found before models are loaded, on sockets of either kind`() throws {
    let server = try RunningServer()
    // Loading would fail, with 2.
    let inUse = try RunningServer.run(["serve", "no-such.keras", "--port", String(server.port)])
    #expect(inUse.status == 1 && inUse.error.contains("listens on") && !inUse.error.contains("no-such"))
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("s\(UUID().uuidString)").path
    try Data("no socket".utf8).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    let file = try RunningServer.run(["serve", "no-such.keras", "--host", "unix:" + path])
    #expect(file.status == 1 && file.error.contains("is not a socket"))
    #expect(FileManager.default.contents(atPath: path) == Data("no socket".utf8))
    let nowhere = try RunningServer.run(["serve", "no-such.keras", "--host", "unix:/no/such/folder/s"])
    #expect(nowhere.status == 1 && nowhere.error.contains("/no/such/folder/s"))
  }

  /// The scripts that people call.
  static let scripts = ["", "bench/", "clients/"].flatMap { folder in
    let path = RunningServer.repository.appendingPathComponent("scripts/" + folder).path
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
      .filter { FileManager.default.isExecutableFile(atPath: path + "/" + $0) && $0.hasSuffix(".sh") }.map {
        folder + $0
      }
  }

  @Test func `there are scripts`() { #expect(Self.scripts.contains("serve.sh") && Self.scripts.count > 10) }

  @Test(arguments: scripts) func `a script says what it does before it installs or builds anything`(script: String)
    throws
  {
    // Programs that could do so are not to be found.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bin-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for program in ["sed", "dirname"] { symlink("/usr/bin/\(program)", "\(folder)/\(program)") }
    for arguments in [["--help"], ["-h"], ["something", "--help"]] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = [RunningServer.repository.appendingPathComponent("scripts/" + script).path] + arguments
      process.environment = ["PATH": folder]
      let (output, error) = (Pipe(), Pipe())
      (process.standardOutput, process.standardError) = (output, error)
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      let complaint = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && complaint.isEmpty && text.count > 50, "\(complaint)")
    }
  }
}
