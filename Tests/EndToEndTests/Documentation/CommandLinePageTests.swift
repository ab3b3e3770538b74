import Foundation
import Testing

/// The page of the command line against the help of the binary, in both directions.
@Suite struct CommandLinePageTests {
  static let commands = [
    "serve", "predict", "inspect", "check", "convert", "calibrate", "evaluate", "fit", "add-class", "compare", "probe",
    "version",
  ]

  /// An option as a command's help describes it.
  struct Option {
    /// With their dashes.
    let names: [String]
    /// The whole entry, in one line.
    let text: String
  }

  /// The options that a command's help lists, but for those that every command has.
  static func options(of command: String) throws -> [Option] {
    let help = try RunningServer.run([command, "--help"]).output.components(separatedBy: "\n")
    var entries: [String] = []
    for line in help.drop(while: { $0 != "OPTIONS:" }).dropFirst().prefix(while: { $0.first?.isLetter != true }) {
      if line.hasPrefix("  -") {
        entries.append(line.trimmingCharacters(in: .whitespaces))
      } else if !entries.isEmpty {
        entries[entries.count - 1] += " " + line.trimmingCharacters(in: .whitespaces)
      }
    }
    return entries.map { entry in
      let names = entry.split(separator: " ").prefix { $0.hasPrefix("-") }.map { String($0.prefix { $0 != "," }) }
      return Option(names: names, text: entry)
    }.filter { !$0.names.contains("--help") && !$0.names.contains("--version") }
  }

  /// What the page says of a flag of a command: the whole item.
  static func items(of command: String) throws -> [(names: [String], text: String)] {
    Page.items(try Page("CommandLine").section("radial " + command)).compactMap { item in
      guard item.hasPrefix("`-"), let colon = item.range(of: "`: ") else { return nil }
      return (Page.code(String(item[..<colon.lowerBound]) + "`"), item)
    }
  }

  @Test func `the page lists every command, and no other`() throws {
    let help = try RunningServer.run(["--help"]).output.components(separatedBy: "\n")
    let listed = help.drop { $0 != "SUBCOMMANDS:" }.dropFirst().compactMap {
      $0.firstMatch(of: #/^  ([a-z-]+)\s/#)?.output.1
    }
    #expect(Set(listed.map(String.init)) == Set(Self.commands))
    let cells = Page.firstCells(try Page("CommandLine").section("Commands")).flatMap(Page.code)
    let described = cells.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
    #expect(Set(described) == Set(Self.commands + ["help"]))
  }

  @Test(arguments: commands) func `the page lists every flag of a command, and no other`(command: String) throws {
    let options = try Self.options(of: command)
    let items = try Self.items(of: command)
    let described = items.flatMap(\.names)
    #expect(options.isEmpty == (command == "version"))
    #expect(Set(described).count == described.count, "a flag is described twice")
    #expect(Set(described) == Set(options.flatMap(\.names)))
  }

  @Test(arguments: commands) func `the page has the defaults and the ranges that the help has`(command: String) throws {
    let items = try Self.items(of: command)
    for option in try Self.options(of: command) {
      let item = try #require(items.first { !Set($0.names).isDisjoint(with: option.names) }, "\(option.names)")
      if let found = option.text.firstMatch(of: /default: ([^)]+)\)/)?.output.1, command != "convert" {
        #expect(item.text.contains("(default: \(found))"), "\(option.names): \(item.text)")
      }
      if let range = option.text.firstMatch(of: /(0, or )?[0-9.]+ to [0-9]+( [a-z]+)?/)?.output.0 {
        #expect(item.text.contains(range), "\(option.names), \(range): \(item.text)")
      }
    }
  }
}
