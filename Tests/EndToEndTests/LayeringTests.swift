import Foundation
import Testing

/// Rules of the targets that no compiler checks.
@Suite struct LayeringTests {
  private static let sources = RunningServer.repository.appendingPathComponent("Sources")

  /// The Swift files of a folder below Sources, with the lines that are no comments.
  private func code(_ folder: String) throws -> [(file: String, lines: [String])] {
    let root = Self.sources.appendingPathComponent(folder)
    let names = try #require(FileManager.default.enumerator(atPath: root.path)).compactMap { $0 as? String }
    return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
      let text = try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
      let lines = text.split(separator: "\n").map(String.init).filter {
        !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//")
      }
      return ("\(folder)/\(name)", lines)
    }
  }

  static let belowTheCommandLine = [
    "Batching", "Bytes", "Evaluation", "FileFormats", "HTTPServer", "InferenceAPI", "JSON", "Models", "OfflineScoring",
    "Predictions",
    "RadialEngine", "RowFiles",
  ]

  @Test(arguments: belowTheCommandLine)
  func `a target below the command line names no flag and no variable`(target: String) throws {
    let files = try code(target)
    #expect(!files.isEmpty)
    for (file, lines) in files {
      for line in lines where line.contains(/"[^"]*(?:--[a-z]|RADIAL_[A-Z])/) {
        Issue.record("\(file): \(line)")
      }
    }
  }

  @Test func `the offline half knows neither HTTP nor batching, and no target below the API knows its statuses`() throws
  {
    for (file, lines) in try code("OfflineScoring") + code("Evaluation") + code("Predictions") + code("RowFiles")
      + code("Models")
    {
      for line in lines where line.contains(/import (HTTPServer|Batching|InferenceAPI)/) || line.contains("APIError") {
        Issue.record("\(file): \(line)")
      }
    }
  }

  @Test func `a protocol's folder has no pointer, and the reactor's none of a protocol's types`() throws {
    for folder in ["Native", "OpenInference", "TensorFlowServing"] {
      for (file, lines) in try code("InferenceAPI/\(folder)") {
        for line in lines where line.contains(/OpaquePointer|Unsafe(Mutable)?(Raw)?Pointer|json_[a-z]/) {
          Issue.record("\(file): \(line)")
        }
      }
    }
    for (file, lines) in try code("InferenceAPI/Reactor") {
      for line in lines where line.contains(/\b(Predict|Distances|Infer|Serving)(Answer|Request|Body|Encoder)\b/) {
        Issue.record("\(file): \(line)")
      }
    }
  }

  @Test func `libmicrohttpd and GnuTLS are called by the server's target alone`() throws {
    for target in Self.belowTheCommandLine + ["radial"] where target != "HTTPServer" {
      for (file, lines) in try code(target) {
        for line in lines where line.contains(/import (CMicroHTTPD|CGnuTLS)/) { Issue.record("\(file): \(line)") }
      }
    }
  }

  @Test func `JSONCore is called by its fence alone`() throws {
    for target in Self.belowTheCommandLine + ["radial"] where target != "JSON" {
      for (file, lines) in try code(target) {
        for line in lines where line.contains("import JSONCore") { Issue.record("\(file): \(line)") }
      }
    }
  }
}
