import Foundation
import Testing

@testable import Models

@Suite struct OutputFileTests {
  /// A folder of a test's own.
  private static func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("radial-output-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private static func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  /// A place's name, what is written, whether by force, what makes what is there before, and the sentence; nil: it is written.
  typealias Place = (String, OutputFile.Kind, Bool, @Sendable (URL) throws -> Void, String?)
  static let places: [Place] = [
    ("new.safetensors", .model, false, { _ in }, nil),
    ("new.csv", .text, false, { _ in }, nil),
    ("notes.txt", .model, false, { _ in }, "Radial writes .safetensors files"),
    ("notes.txt", .model, true, { _ in }, "Radial writes .safetensors files"),
    (".safetensors", .model, false, { _ in }, "Radial writes .safetensors files"),
    ("out.SAFETENSORS", .model, false, { _ in }, "Radial writes .safetensors files"),
    ("a.safetensors", .model, false, { try Data("x".utf8).write(to: $0) }, "exists and is no Radial file"),
    ("a.safetensors", .model, true, { try Data("x".utf8).write(to: $0) }, nil),
    ("a.safetensors", .model, false, { try Data().write(to: $0) }, nil),
    ("a.safetensors", .model, false, { try Crafted().data.write(to: $0) }, nil),
    (
      "a.safetensors", .model, false,
      {
        var crafted = Crafted()
        crafted.metadata["format"] = "pt"
        try crafted.data.write(to: $0)
      }, "exists and is no Radial file"
    ),
    ("a.csv", .text, false, { try Data("x".utf8).write(to: $0) }, "exists; name another output, or say `force`"),
    ("a.csv", .text, true, { try Data("x".utf8).write(to: $0) }, nil),
    (
      "d.safetensors", .model, true,
      { try FileManager.default.createDirectory(at: $0, withIntermediateDirectories: false) }, "is a directory"
    ),
    ("p.csv", .text, true, { #expect(mkfifo($0.path, 0o600) == 0) }, "is a pipe"),
    (
      "n.csv", .text, true,
      { try FileManager.default.createSymbolicLink(atPath: $0.path, withDestinationPath: "/dev/null") }, "is a device"
    ),
    (
      "l.csv", .text, true,
      { try FileManager.default.createSymbolicLink(atPath: $0.path, withDestinationPath: "nowhere") },
      "is a link to a file that is not there"
    ),
    ("no/where.csv", .text, false, { _ in }, "No such file or directory"),
    ("trailing.csv/", .text, false, { _ in }, "No such file or directory"),
  ]

  @Test func `a place is written, or refused with a sentence and left as it was`() throws {
    for (name, kind, force, make, sentence) in Self.places {
      try Self.inFolder { folder in
        let place = folder.appendingPathComponent(name)
        try make(place)
        let before = try Self.names(folder)
        // Not the URL's own path, which has no slash at its end.
        let path = folder.path + "/" + name
        do throws(ModelError) {
          let output = try OutputFile(path: path, inputs: ["-", "/nowhere"], kind: kind, force: force)
          try output.write(UnsafeRawBufferPointer(start: nil, count: 0))
          try output.write([UInt8](repeating: 7, count: 24))
          try output.commit()
          #expect(sentence == nil, "\(name), \(kind), \(force)")
          #expect(FileManager.default.contents(atPath: path)?.count == 24)
        } catch {
          let expected = try #require(sentence, "\(name), \(kind), \(force): \(error)")
          #expect(error.description.hasPrefix("\(path): ") && error.description.contains(expected), "\(error)")
          #expect(try Self.names(folder) == before)
        }
      }
    }
  }

  @Test func `an input is never replaced, under whatever name`() throws {
    try Self.inFolder { folder in
      let input = folder.appendingPathComponent("in.safetensors")
      let contents = Crafted().data
      try contents.write(to: input)
      let symbolic = folder.appendingPathComponent("symbolic.safetensors")
      try FileManager.default.createSymbolicLink(at: symbolic, withDestinationURL: input)
      let hard = folder.appendingPathComponent("hard.safetensors")
      try FileManager.default.linkItem(at: input, to: hard)
      let detour = folder.path + "/../" + folder.lastPathComponent + "/in.safetensors"
      for (output, given) in [
        (input.path, input.path), (symbolic.path, input.path), (hard.path, input.path), (detour, input.path),
        (input.path, symbolic.path), (input.path, hard.path), (symbolic.path, symbolic.path),
      ] {
        for kind in [OutputFile.Kind.model, .text] {
          let error = #expect(throws: ModelError.self) {
            try OutputFile(path: output, inputs: ["rows.csv", given], kind: kind, force: true)
          }
          #expect(error?.reason == .output && error?.description.contains("nothing replaces an input") == true)
        }
      }
      #expect(try Data(contentsOf: input) == contents)
      #expect(try Self.names(folder) == ["hard.safetensors", "in.safetensors", "symbolic.safetensors"])
    }
  }

  @Test func `a link stays a link, and a private file private`() throws {
    try Self.inFolder { folder in
      let target = folder.appendingPathComponent("v1.safetensors")
      try Crafted().data.write(to: target)
      #expect(chmod(target.path, 0o600) == 0)
      let link = folder.appendingPathComponent("current.safetensors")
      try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "v1.safetensors")
      try OutputFile(path: link.path, inputs: [], kind: .model, force: false).commit()
      #expect(try Data(contentsOf: target).isEmpty)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "v1.safetensors")
      let attributes = try FileManager.default.attributesOfItem(atPath: target.path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func `nothing is left of a file that is not committed, and what came to its place meanwhile stays`() throws {
    try Self.inFolder { folder in
      let path = folder.appendingPathComponent("a.csv").path
      do {
        let output = try OutputFile(path: path, inputs: [], kind: .text, force: false)
        try output.write([1])
        #expect(FileManager.default.contents(atPath: try output.finish()) == Data([1]))
        #expect(try Self.names(folder).count == 1)
      }
      #expect(try Self.names(folder) == [])
      let output = try OutputFile(path: path, inputs: [], kind: .text, force: false)
      try Data("somebody else's".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: ModelError.self) { try output.commit() }
      #expect(FileManager.default.contents(atPath: path) == Data("somebody else's".utf8))
    }
  }
}
