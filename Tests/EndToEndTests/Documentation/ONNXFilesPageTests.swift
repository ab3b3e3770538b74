import Foundation
import Testing

/// The page of ONNX files: its journey from the file that its Python exported, which Data/pytorch holds beside the rows that it kept.
@Suite struct ONNXFilesPageTests {
  @Test func `an exported file is inspected, calibrated and served as the page shows`() throws {
    let runner = try OfflineRunner()
    let data = RunningServer.repository.appendingPathComponent("Tests/EndToEndTests/Data/pytorch")
    for name in ["model.onnx", "model.onnx.data", "held-out.npy", "new.npy", "expected.npy"] {
      try FileManager.default.copyItem(
        at: data.appendingPathComponent(name), to: runner.folder.appendingPathComponent(name))
    }
    let console = try #require(try Page("ONNXFiles").blocks.first { $0.language == "console" })
    var server: RunningServer?
    var commands: [String] = []
    for step in console.text.components(separatedBy: "\n$ ") {
      let lines = step.components(separatedBy: "\n")
      let command = lines[0].hasPrefix("$ ") ? String(lines[0].dropFirst(2)) : lines[0]
      let words = command.split(separator: " ")
      commands.append(String(words[words.count > 1 && words[0] == "radial" ? 1 : 0]))
      if command.hasPrefix("radial serve ") {
        server = try RunningServer(["--model", "\(runner.folder.path)/\(words[2])"], model: nil)
        continue
      }
      let place = "127.0.0.1:\(server?.port ?? 0)"
      let line = (command.hasPrefix("radial ") ? "\"$0\"" + command.dropFirst(6) : command)
        .replacing("localhost:8080", with: place)
      let found = try OfflineRunner.shell("cd \(runner.folder.path) && \(line)", [])
      #expect(found.status == 0, "\(command): \(found.error)")
      // The table's lines end in blanks.
      let output = found.output.replacing(#/ +\n/#, with: "\n").trimmingCharacters(in: .newlines)
      let shown = lines.dropFirst().joined(separator: "\n").trimmingCharacters(in: .newlines)
      #expect(PageTests.fits(output, shown), "\(command): \(output)")
    }
    #expect(commands == ["inspect", "predict", "calibrate", "predict", "serve", "curl"])
    let check = try RunningServer.run(
      ["check"] + ["model.safetensors", "new.npy", "expected.npy"].map { "\(runner.folder.path)/\($0)" }
        + ["--of", "outputs"])
    #expect(check.status == 0, "\(check)")
  }
}
