import Foundation

/// A page of the documentation, or README, as its Markdown.
struct Page {
  /// A fenced block.
  struct Block {
    let language: String
    let lines: [String]

    var text: String { lines.map { $0 + "\n" }.joined() }
  }

  /// A command of a console block, and what it prints.
  struct Example: CustomStringConvertible {
    let page: String
    let command: String
    /// `…` stands for what is left out.
    let output: String

    var description: String { "\(page): \(command)" }
  }

  let name: String
  let lines: [String]

  static let folder = RunningServer.repository.appendingPathComponent("Sources/radial/Radial.docc")

  /// - Parameter path: below the repository.
  init(path: String) throws {
    name = path
    let url = RunningServer.repository.appendingPathComponent(path)
    lines = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")
  }

  /// - Parameter title: the file's name without its extension.
  init(_ title: String) throws { try self.init(path: "Sources/radial/Radial.docc/\(title).md") }

  /// Every page of the folder, and README.
  static func all() throws -> [Page] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
    return try [Page(path: "README.md")] + names.sorted().map { try Page(String($0.dropLast(3))) }
  }

  /// The lines below a heading of the second level, up to the next one.
  func section(_ heading: String) -> [String] {
    Array(lines.drop { $0 != "## " + heading }.dropFirst().prefix { !$0.hasPrefix("## ") })
  }

  /// The items of a list, each in one line.
  static func items(_ lines: [String]) -> [String] {
    var items: [String] = []
    var isOpen = false
    for line in lines {
      if line.hasPrefix("* ") {
        items.append(String(line.dropFirst(2)))
        isOpen = true
      } else if isOpen, line.hasPrefix("  ") {
        items[items.count - 1] += line.dropFirst(1)
      } else {
        isOpen = false
      }
    }
    return items
  }

  /// The first column of a table, without its head.
  static func firstCells(_ lines: [String]) -> [String] {
    lines.filter { $0.hasPrefix("| ") }.dropFirst().compactMap {
      $0.split(separator: "|").first?.trimmingCharacters(in: .whitespaces)
    }
  }

  /// The texts between backticks.
  static func code(_ text: String) -> [String] { text.matches(of: /`([^`]+)`/).map { String($0.output.1) } }

  var blocks: [Block] {
    var blocks: [Block] = []
    var open: (language: String, lines: [String])?
    for line in lines {
      guard line.hasPrefix("```") else {
        open?.lines.append(line)
        continue
      }
      if let block = open {
        blocks.append(Block(language: block.language, lines: block.lines))
        open = nil
      } else {
        open = (String(line.dropFirst(3)), [])
      }
    }
    return blocks
  }

  /// The commands of the console blocks that ask the default server and start no other.
  var examplesOfTheDefaultServer: [Example] {
    blocks.filter { $0.language == "console" }.flatMap { block in
      var examples: [Example] = []
      var isContinued = false
      for line in block.lines {
        if line.hasPrefix("$ ") || isContinued {
          let before = isContinued ? examples.removeLast().command + "\n" : ""
          examples.append(Example(page: name, command: before + line.drop { $0 == "$" }, output: ""))
          isContinued = line.hasSuffix("\\") || line.hasSuffix("|")
        } else if let last = examples.popLast() {
          examples.append(Example(page: name, command: last.command, output: last.output + line + "\n"))
        }
      }
      return examples.allSatisfy { $0.command.contains("localhost:8080") } ? examples : []
    }
  }
}
