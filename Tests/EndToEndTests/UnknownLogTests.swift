import Foundation
import Testing

/// `--unknown-log`: the rows that were called unknown are there to be labelled, each once, in files that are bounded.
@Suite struct UnknownLogTests {
  struct Line: Decodable {
    let time: String
    let model: String
    let version: String
    let requestId: String
    let row: Int
    let label: String
    let pValue: Double
    let instance: [Float]
  }

  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("unknown-\(UUID())")

  private var files: [URL] {
    get throws {
      try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])
        .filter { $0.pathExtension == "jsonl" }.sorted { $0.path < $1.path }
    }
  }

  private func lines() throws -> [Line] {
    try files.flatMap { file in
      try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Line.self, from: Data($0.utf8))
      }
    }
  }

  /// A page full of one grey, which is no digit.
  private func grey(_ value: Int) -> String {
    "[" + [String](repeating: "\(value)", count: 784).joined(separator: ",") + "]"
  }

  private func rowsKept(_ client: Client) throws -> (written: Double, dropped: Double) {
    let values = try MetricsTests.parse(client.exchange("GET", "/metrics").body)
    func value(_ result: String) throws -> Double {
      try #require(values["radial_unknown_log_rows_total{result=\"\(result)\"}"])
    }
    return (try value("written"), try value("dropped"))
  }

  @Test(arguments: [["--inline-budget=1"], ["--inline-budget=0"]])
  func `unknown rows of every protocol and of large requests are kept, and no others`(flags: [String]) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(flags + ["--unknown-log", folder.path])
    let client = try Client(port: server.port)
    let digits = try MNISTSample.load().rows[0..<3].map { "[" + $0.map(String.init).joined(separator: ",") + "]" }
    let native = "{\"instances\":[\(digits[0]),\(grey(100)),\(digits[1])]}"
    #expect(try client.exchange("POST", "/predict", native, headers: ["X-Request-ID: of-mine"]).status == 200)
    let tensor =
      #"{"inputs":[{"name":"x","shape":[2,784],"datatype":"FP32","data":[\#(grey(101)),\#(digits[2])]}]}"#
    #expect(try client.exchange("POST", "/v2/models/digits/infer", tensor).status == 200)
    #expect(
      try client.exchange("POST", "/v1/models/digits:predict", "{\"instances\":[\(grey(102))]}").status == 200)
    // So many that they are computed away from the reactor.
    let many = (0..<3000).map { $0 % 1000 == 7 ? grey(103 + $0 / 1000) : digits[$0 % 3] }
    #expect(try client.exchange("POST", "/predict", "{\"instances\":[\(many.joined(separator: ","))]}").status == 200)
    // The caller wants no verdict.
    #expect(
      try client.exchange("POST", "/predict", "{\"instances\":[\(grey(110))],\"reject\":\"off\"}").status == 200)
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    let lines = try lines()
    #expect(lines.map { $0.instance[0] }.sorted() == [100, 101, 102, 103, 104, 105])
    for line in lines {
      #expect(line.model == "digits" && line.version == "1" && line.pValue < 0.01 && line.label.count == 1)
      #expect(Set(line.instance).count == 1 && line.instance.count == 784 && line.time.hasSuffix("Z"))
    }
    let first = try #require(lines.first { $0.instance[0] == 100 })
    #expect(first.row == 1 && first.requestId == "of-mine")
    #expect(lines.filter { $0.instance[0] >= 103 }.map(\.row).sorted() == [7, 1007, 2007])
    // They are rows as the commands read them.
    let file = try #require(files.first)
    let answer = try RunningServer.run([
      "predict", RunningServer.weights("digits.safetensors"), file.path, "--keep", "request_id",
    ])
    #expect(answer.status == 0 && answer.output.split(separator: "\n").count == lines.count, "\(answer.error)")
  }

  @Test func `what rows fill is bounded, the oldest go, and every row is counted`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(["--unknown-log", folder.path, "--unknown-log-bytes", "64KiB"])
    let client = try Client(port: server.port)
    let rows = (0..<400).map { grey(100 + $0 % 100) }
    for start in stride(from: 0, to: 400, by: 40) {
      let body = "{\"instances\":[\(rows[start..<start + 40].joined(separator: ","))],\"outputs\":[]}"
      #expect(try client.exchange("POST", "/predict", body).status == 200)
    }
    var kept = try rowsKept(client)
    for _ in 0..<100 where kept.written + kept.dropped < 400 {
      usleep(50_000)
      kept = try rowsKept(client)
    }
    #expect(kept == (400, 0))
    let sizes = try files.map { try $0.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0 }
    #expect(sizes.count > 2 && sizes.reduce(0, +) <= 64 << 10, "\(sizes)")
    // The last ones are those that are still there.
    let last = try lines().map { Int($0.instance[0]) }
    #expect(last == (0..<400).suffix(last.count).map { 100 + $0 % 100 })
  }

  @Test func `a restart goes on beside the files of before`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for value in [100, 101] {
      let server = try RunningServer(["--unknown-log", folder.path])
      let body = "{\"instances\":[\(grey(value))]}"
      #expect(try Client(port: server.port).exchange("POST", "/predict", body).status == 200)
      server.send(SIGTERM)
      #expect(server.exitStatus() == 0)
    }
    #expect(try lines().map { $0.instance[0] } == [100, 101])
    let mode = try FileManager.default.attributesOfItem(atPath: #require(files.first).path)[.posixPermissions]
    #expect(mode as? Int == 0o600)
  }

  @Test func `a directory of another process, or none that can be written, ends the start`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(["--unknown-log", folder.path])
    let model = RunningServer.weights("digits.safetensors")
    let second = try RunningServer.run(["serve", model, "--port", "0", "--unknown-log", folder.path])
    #expect(second.status == 1 && second.error.contains("is written by another process"), "\(second.error)")
    let file = folder.appendingPathComponent(".lock").path
    let third = try RunningServer.run(["serve", model, "--port", "0", "--unknown-log", file])
    #expect(third.status == 1 && third.error.contains("--unknown-log: '\(file)"), "\(third.error)")
    #expect(server.isRunning)
  }

  /// A caller's rate is for his answer: what is kept is what the model itself calls unknown.
  @Test func `rows are kept by the model's own rate`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(["--unknown-log", folder.path])
    let client = try Client(port: server.port)
    let digit = "[" + (try MNISTSample.load().rows[0].map(String.init).joined(separator: ",")) + "]"
    let strict = "{\"instances\":[\(digit),\(grey(100))],\"false_reject_rate\":0.9999}"
    #expect(try client.exchange("POST", "/predict", strict).body.components(separatedBy: "\"known\":false").count == 3)
    let lenient = "{\"instances\":[\(grey(101))],\"false_reject_rate\":0.0001}"
    #expect(try client.exchange("POST", "/predict", lenient).body.contains("\"known\":true"))
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    #expect(try lines().map { $0.instance[0] }.sorted() == [100, 101])
  }

  @Test func `rows that are no numbers are dropped and counted, and the others can be read`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(["--unknown-log", folder.path])
    let client = try Client(port: server.port)
    let values = [String](repeating: "NaN", count: 784) + [String](repeating: "100", count: 784)
    let tensor =
      #"{"inputs":[{"name":"x","shape":[2,784],"datatype":"FP32","data":[\#(values.joined(separator: ","))]}]}"#
    #expect(try client.exchange("POST", "/v2/models/digits/infer", tensor).status == 200)
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    #expect(try lines().map { $0.instance[0] } == [100])
  }

  @Test func `a file that somebody takes away is followed by another`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(["--unknown-log", folder.path])
    let client = try Client(port: server.port)
    for value in [100, 101] {
      #expect(try client.exchange("POST", "/predict", "{\"instances\":[\(grey(value))]}").status == 200)
      for _ in 0..<100 where try files.isEmpty || lines().isEmpty { usleep(20_000) }
      #expect(try lines().map { $0.instance[0] } == [Float(value)])
      if value == 100 { try FileManager.default.removeItem(at: #require(files.first)) }
    }
  }

  @Test func `a full disk costs rows and leaves no empty files`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(["--unknown-log", folder.path])
    let client = try Client(port: server.port)
    let limit = try OfflineRunner.shell("prlimit --pid \(server.processIdentifier) --fsize=0", [])
    #expect(limit.status == 0, "\(limit.error)")
    for _ in 0..<20 {
      #expect(try client.exchange("POST", "/predict", "{\"instances\":[\(grey(100)),\(grey(101))]}").status == 200)
    }
    var kept = try rowsKept(client)
    for _ in 0..<100 where kept.dropped < 40 {
      usleep(50_000)
      kept = try rowsKept(client)
    }
    #expect(kept == (0, 40))
    #expect(try files.isEmpty && server.isRunning)
  }

  @Test func `a line that is larger than everything may be is dropped`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    // 20,000 inputs of many digits each.
    let runner = try OfflineRunner()
    let width = 20_000
    let zeros = [Float](repeating: 0, count: width)
    let architecture =
      #"{"version":1,"input_shape":[20000],"layers":[{"type":"rbf","name":"r","units":1,"output":"distance"}]}"#
    var data = Data()
    for value in zeros + [0] { withUnsafeBytes(of: value) { data.append(contentsOf: $0) } }
    data.append(Data(repeating: 0, count: 4))
    for offset in [Int64(0), 1] { withUnsafeBytes(of: offset) { data.append(contentsOf: $0) } }
    let header: [String: Any] = [
      "__metadata__": [
        "format": "radial", "radial.version": "1", "radial.architecture": architecture,
        "radial.calibration":
          #"{"method":"split_conformal","false_reject_rate":0.6,"rows":1}"#,
      ],
      "r.centers": ["dtype": "F32", "shape": [width, 1], "data_offsets": [0, 4 * width]],
      "calibration.distances": ["dtype": "F32", "shape": [1], "data_offsets": [4 * width, 4 * width + 4]],
      "padding": ["dtype": "F32", "shape": [1], "data_offsets": [4 * width + 4, 4 * width + 8]],
      "calibration.offsets": ["dtype": "I64", "shape": [2], "data_offsets": [4 * width + 8, 4 * width + 24]],
    ]
    let text = try JSONSerialization.data(withJSONObject: header)
    var file = Data()
    withUnsafeBytes(of: UInt64(text.count)) { file.append(contentsOf: $0) }
    let model = runner.folder.appendingPathComponent("wide.safetensors")
    try (file + text + data).write(to: model)
    let server = try RunningServer(
      ["--model", model.path, "--unknown-log", folder.path, "--unknown-log-bytes", "64KiB"], model: nil)
    let client = try Client(port: server.port)
    let row = "[" + [String](repeating: "0.12345678", count: width).joined(separator: ",") + "]"
    let answer = try client.exchange("POST", "/predict", "{\"instances\":[\(row)]}")
    #expect(answer.status == 200 && answer.body.contains("\"known\":false"), "\(answer.body.prefix(300))")
    var kept = try rowsKept(client)
    for _ in 0..<100 where kept.dropped < 1 {
      usleep(50_000)
      kept = try rowsKept(client)
    }
    #expect(kept == (0, 1))
    #expect(try files.isEmpty)
  }

  @Test func `the check looks at the directory and changes nothing`() throws {
    let model = RunningServer.weights("digits.safetensors")
    let good = try RunningServer.run(["serve", model, "--check", "--unknown-log", folder.path])
    #expect(good.status == 0 && !FileManager.default.fileExists(atPath: folder.path))
    #expect(good.output.contains("--unknown-log=\(folder.path)"))
    let bad = try RunningServer.run(["serve", model, "--check", "--unknown-log", folder.path + "/a/b"])
    #expect(bad.status == 2 && bad.error.contains("cannot be made"), "\(bad)")
  }

  @Test func `a directory that goes away costs rows, and no answer`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(["--unknown-log", folder.path])
    let client = try Client(port: server.port)
    // Nothing can be made in it any more.
    try FileManager.default.removeItem(at: folder)
    #expect(try client.exchange("POST", "/predict", "{\"instances\":[\(grey(100)),\(grey(101))]}").status == 200)
    var kept = try rowsKept(client)
    for _ in 0..<100 where kept.dropped < 2 {
      usleep(50_000)
      kept = try rowsKept(client)
    }
    #expect(kept == (0, 2))
  }
}
