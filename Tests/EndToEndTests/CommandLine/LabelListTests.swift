import Foundation
import Testing

@testable import radial

@Suite struct LabelListTests {
  @Test(arguments: [
    ("a\nb\n", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]), ("a\nb", ["a", "b"]), ("\u{FEFF}a\nb\n\n\n", ["a", "b"]),
    ("  a b \n\tc\n", ["a b", "c"]), ("a,b\nc\n", ["a,b", "c"]), ("猫\nпёс\n", ["猫", "пёс"]),
  ])
  func `a file has a name a line`(text: String, expected: [String]) throws {
    #expect(try LabelList.names(in: Array(text.utf8), of: "f") == expected)
  }

  @Test func `a line of any length is one name`() throws {
    let long = String(repeating: "é", count: 100_000)
    #expect(try LabelList.names(in: Array("a\n\(long)\nb\n".utf8), of: "f") == ["a", long, "b"])
  }

  @Test(arguments: [
    (Array("a\n\nb\n".utf8), "f: line 2 is empty"), (Array("\na\n".utf8), "f: line 1 is empty"), ([], "found none"),
    (Array("\n \n".utf8), "found none"), (Array("a\n".utf8) + [0xFF, 0x0A], "f: line 2 is no UTF-8"),
  ])
  func `a file that leaves a class without a name is refused`(bytes: [UInt8], sentence: String) {
    let failure = #expect(throws: Failure.self) { try LabelList.names(in: bytes, of: "f") }
    #expect(failure?.message.contains(sentence) == true && failure?.code == 2)
  }

  @Test func `names come with commas, and a file that is not there is no name`() throws {
    #expect(try LabelList.names("a, b ,c") == ["a", "b", "c"])
    for (text, sentence) in [
      ("no/such", "there is no file no/such"), ("labels.txt", "there is no file labels.txt"), ("a,,c", "name 2 of 3"),
      ("", "name 1 of 1 is empty"), ("/", "cannot be read"), ("/dev/zero", "at most 16777216 bytes"),
    ] {
      let failure = #expect(throws: Failure.self) { try LabelList.names(text) }
      #expect(failure?.message.contains(sentence) == true, "\(text)")
    }
  }

  @Test func `convert, inspect, predict and serve take the same list`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("labels-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let long = String(repeating: "x", count: 5000)
    let file = folder.appendingPathComponent("labels.txt").path
    let names = [long] + (1..<10).map { "n\($0)" }
    try Data(names.joined(separator: "\r\n").utf8).write(to: URL(fileURLWithPath: file))
    let model = RunningServer.weights("digits.safetensors")
    let output = folder.appendingPathComponent("m.safetensors").path
    #expect(try RunningServer.run(["convert", model, "-o", output, "--labels", file]).status == 0)
    for arguments in [["inspect", output], ["inspect", model, "--labels", file]] {
      let inspected = try RunningServer.run(arguments)
      #expect(inspected.status == 0 && inspected.output.contains("Labels: \(long), n1, n2"))
    }
    let rows = folder.appendingPathComponent("rows.csv").path
    try Data(MNISTSample.load().rows[0].map(String.init).joined(separator: ",").utf8).write(
      to: URL(fileURLWithPath: rows))
    #expect(try RunningServer.run(["predict", model, rows, "--labels", file]).output.contains("\"label\":\"n7\""))
    let server = try RunningServer([model, "--labels", file, "--false-reject-rate", "0.25"], model: nil)
    let description = try Client(port: server.port).exchange("GET", "/model").json
    #expect(description["labels"] as? [String] == names)
    #expect((description["calibration"] as? [String: Any])?["false_reject_rate"] as? Double == 0.25)
  }
}
