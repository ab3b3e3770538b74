import Foundation

/// Files of rows in a folder of a test's own, and `radial predict` over them.
final class OfflineRunner {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("radial-predict-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func file(_ name: String, _ contents: Data) throws -> String {
    let url = folder.appendingPathComponent(name)
    try contents.write(to: url)
    return url.path
  }

  func file(_ name: String, _ text: String) throws -> String { try file(name, Data(text.utf8)) }

  /// A tensor of a model's file.
  struct Tensor {
    let name: String
    let shape: [Int]
    /// Its numbers, of four bytes each; nil: zeros.
    var values: [Float]?
  }

  /// A Radial file of layers, as its architecture has them.
  func model(_ name: String, input: [Int], _ layers: [[String: Any]], _ tensors: [Tensor]) throws -> String {
    let architecture = try JSONSerialization.data(
      withJSONObject: ["version": 1, "input_shape": input, "layers": layers])
    let metadata = [
      "format": "radial", "radial.version": "1.1",
      "radial.architecture": String(decoding: architecture, as: UTF8.self),
    ]
    var (header, data): ([String: Any], Data) = (["__metadata__": metadata], Data())
    for tensor in tensors {
      let bytes = tensor.values.map { Data(elements: $0) } ?? Data(count: 4 * tensor.shape.reduce(1, *))
      header[tensor.name] =
        ["dtype": "F32", "shape": tensor.shape, "data_offsets": [data.count, data.count + bytes.count]] as [String: Any]
      data += bytes
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    return try file("\(name).safetensors", Data(elements: [UInt64(text.count)]) + text + data)
  }

  static func predict(
    _ file: String, _ flags: [String] = [], model: String = "digits.safetensors"
  ) throws -> (status: Int32, error: String, output: String) {
    try RunningServer.run(["predict", RunningServer.weights(model), file] + flags)
  }

  /// Runs a line of bash, in which $0 is the binary.
  static func shell(_ line: String, _ arguments: [String]) throws -> (status: Int32, error: String, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line, RunningServer.binary.path] + arguments
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

extension Data {
  init<Value>(elements: [Value]) { self = elements.withUnsafeBytes { Data($0) } }

  /// An .npy file of version 1.
  static func npy(_ type: String, rows: Int, width: Int, _ data: Data = Data()) -> Data {
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(rows), \(width)), }"
    let header = text + String(repeating: " ", count: 128 - 11 - text.utf8.count) + "\n"
    return Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(header.utf8) + data
  }

  static func idx(_ type: UInt8, _ shape: [Int], _ data: Data) -> Data {
    Data([0, 0, type, UInt8(shape.count)]) + Data(elements: shape.map { UInt32($0).bigEndian }) + data
  }
}

/// A pseudo-terminal: what is written to `terminal` can be read here.
final class PseudoTerminal {
  private let leader: Int32
  let terminal: FileHandle

  init() throws {
    // What unlockpt and ptsname do, which Swift does not see: pts(4), TIOCSPTLCK and TIOCGPTN of ioctl_tty(2).
    leader = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var (lock, number): (Int32, UInt32) = (0, 0)
    guard leader >= 0, ioctl(leader, 0x4004_5431, &lock) == 0, ioctl(leader, 0x8004_5430, &number) == 0 else {
      throw Client.Failure(message: "no pseudo-terminal: \(String(cString: strerror(errno)))")
    }
    terminal = FileHandle(fileDescriptor: open("/dev/pts/\(number)", O_RDWR | O_NOCTTY), closeOnDealloc: true)
  }

  deinit { close(leader) }

  /// Everything, until the last process that has the terminal open closes it.
  func readToEnd() -> String {
    try? terminal.close()
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(leader, &chunk, chunk.count)
      if count <= 0 { return String(decoding: text, as: UTF8.self) }
      text += chunk.prefix(count)
    }
  }
}
