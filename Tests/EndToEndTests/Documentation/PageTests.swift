import Foundation
import Testing

/// What holds of every page.
@Suite struct PageTests {
  @Test func `README is short, and no line of it or of a page is wider than 120 columns`() throws {
    let pages = try Page.all()
    #expect(pages.count > 15)
    #expect(try Page(path: "README.md").lines.count <= 161)
    for page in pages {
      for (number, line) in page.lines.enumerated() {
        #expect(line.count <= 120, "\(page.name), line \(number + 1)")
      }
    }
  }

  @Test func `README links to every page, and every file that it links to is there`() throws {
    let readme = try Page(path: "README.md").lines.joined(separator: "\n")
    let links = readme.matches(of: /\]\(([^)]+)\)/).map { String($0.output.1) }.filter { !$0.contains("://") }
    for link in links {
      let path = RunningServer.repository.appendingPathComponent(link).path
      #expect(FileManager.default.fileExists(atPath: path), "\(link)")
    }
    // Radial.md is the page that curates the others.
    let pages = try Page.all().map(\.name).filter { $0 != "README.md" && !$0.hasSuffix("/Radial.md") }
    #expect(Set(pages).subtracting(links).isEmpty)
    let shelves = try Page("Radial").lines.joined()
    for page in pages {
      let title = page.split(separator: "/").last?.dropLast(3) ?? ""
      #expect(shelves.contains("<doc:\(title)>"), "\(page)")
    }
  }

  /// Folders of the repository whose texts are read by people.
  private static let folders = ["Sources", "Tests", "scripts", "weights"]
  private static let extensions: Set = [
    "swift", "c", "h", "inc", "cpp", "md", "sh", "py", "yaml", "cfg", "conf", "lua", "toml", "html", "modulemap",
  ]

  @Test func `no sentence refers to a page or a folder that a clone does not have`() throws {
    var texts: [(path: String, text: String)] = []
    for folder in Self.folders {
      let root = RunningServer.repository.appendingPathComponent(folder)
      for case let url as URL in try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
      {
        guard Self.extensions.contains(url.pathExtension), !url.path.contains("/.venv/") else { continue }
        texts.append((url.path, try String(contentsOf: url, encoding: .utf8)))
      }
    }
    for name in ["README.md", "Package.swift", "Dockerfile"] {
      let url = RunningServer.repository.appendingPathComponent(name)
      texts.append((name, try String(contentsOf: url, encoding: .utf8)))
    }
    #expect(texts.count > 200)
    let present = Set(
      texts.filter { $0.path.hasSuffix(".md") }.compactMap { $0.path.split(separator: "/").last.map(String.init) })
    // This file speaks of what it looks for.
    for (path, text) in texts where !path.hasSuffix("/PageTests.swift") {
      for match in text.matches(of: /[A-Za-z][\w-]*\.md\b/) {
        #expect(present.contains(String(match.output)), "\(path) refers to \(match.output)")
      }
      #expect(!text.contains("../shared") && !text.contains("README's"), "\(path)")
    }
  }

  @Test func `every script and folder that a page names is there`() throws {
    for page in try Page.all() {
      for code in page.lines.flatMap(Page.code) {
        guard let path = code.firstMatch(of: /^(scripts|weights|Tests|Sources)\/[\w.\/+-]*/)?.output.0 else { continue }
        let url = RunningServer.repository.appendingPathComponent(String(path))
        #expect(FileManager.default.fileExists(atPath: url.path), "\(page.name) names \(path)")
      }
    }
    let named = try Page.firstCells(Page("Testing").section("What each script proves")).flatMap(Page.code)
    for script in named {
      let url = RunningServer.repository.appendingPathComponent("scripts/" + script)
      #expect(FileManager.default.fileExists(atPath: url.path), "\(script)")
    }
    let text = try Page("Testing").lines.joined(separator: "\n")
    for script in EverydayTests.scripts {
      #expect(text.contains("\(script)`"), "Testing says nothing of \(script)")
    }
  }

  @Test func `what the pages show of the default server is what it answers`() throws {
    let server = try RunningServer()
    let examples = try Page.all().flatMap(\.examplesOfTheDefaultServer)
    #expect(examples.count >= 8)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pages-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The commands name files of the repository, and may write some.
    try FileManager.default.createSymbolicLink(
      at: folder.appendingPathComponent("Tests"),
      withDestinationURL: RunningServer.repository.appendingPathComponent("Tests"))
    for example in examples {
      let command = example.command.replacing("localhost:8080", with: "127.0.0.1:\(server.port)")
      let found = try OfflineRunner.shell("cd \(folder.path) && \(command)", [])
      #expect(found.status == 0, "\(example): \(found.error)")
      let expected = example.output.trimmingCharacters(in: .newlines)
      #expect(Self.fits(found.output.trimmingCharacters(in: .newlines), expected), "\(example): \(found.output)")
    }
  }

  /// Whether `text` is `pattern` with something in the place of each `…`.
  static func fits(_ text: String, _ pattern: String) -> Bool {
    var pieces = pattern.components(separatedBy: "…")[...]
    guard let first = pieces.popFirst(), text.hasPrefix(first) else { return false }
    guard let last = pieces.popLast() else { return text == first }
    var rest = text.dropFirst(first.count)
    for piece in pieces {
      guard let range = rest.range(of: piece) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(last)
  }

  @Test(arguments: [
    ("abc", "abc", true), ("abc", "ab", false), ("abc", "a…c", true), ("abc", "…", true), ("abc", "b…", false),
    ("abcabc", "a…b…c", true), ("ac", "a…b…c", false), ("ab", "ab…b", false),
  ])
  func `an ellipsis stands for anything, and nothing else does`(text: String, pattern: String, isFit: Bool) {
    #expect(Self.fits(text, pattern) == isFit)
  }
}
