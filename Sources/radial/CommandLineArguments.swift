import Glibc
import Models

/// What was written behind the program's name.
struct CommandLineArguments {
  let arguments: [String]

  /// - Parameter all: with the program's name, as Swift hands them over. It reads them from /proc/self/cmdline, and where that cannot be
  ///   read it says that there are none, not even the name.
  init(_ all: [String]) throws {
    guard !all.isEmpty else {
      throw Failure.environment(
        "the arguments cannot be read, since /proc is not mounted here; mount it: mount -t proc proc /proc in the root that radial runs in"
      )
    }
    arguments = Self.joiningNegativeNumbers(all.dropFirst())
  }

  /// `--gamma -1` as `--gamma=-1`, so that the number is judged; a parser would take it for another flag.
  private static func joiningNegativeNumbers(_ arguments: ArraySlice<String>) -> [String] {
    var joined: [String] = []
    for argument in arguments {
      if let last = joined.last, last.hasPrefix("--"), last != "--", !last.contains("="), argument.hasPrefix("-"),
        argument.dropFirst().first.map({ $0.isNumber || $0 == "." }) == true
      {
        joined[joined.count - 1] += "=" + argument
      } else {
        joined.append(argument)
      }
    }
    return joined
  }

  /// Refuses a command that there is not, also behind `help`, or a flag in its place, and says what was meant.
  func checkCommand(among commands: [String]) throws {
    if let flag = arguments.first, flag.hasPrefix("--") {
      try checkFlag(String(flag.dropFirst(2).prefix { $0 != "=" }))
    }
    let isHelp = arguments.first == "help"
    guard let word = isHelp ? arguments.dropFirst().first : arguments.first, !word.hasPrefix("-"),
      !(commands + ["help"]).contains(word)
    else { return }
    let list = commands.joined(separator: ", ")
    if !isHelp, access(word, F_OK) == 0 {
      throw Failure.usage("'\(word)' is a file and no command; to serve it: radial serve \(word) (commands: \(list))")
    }
    throw Failure.usage(
      "there is no command '\(word)'\(Spelling.question(for: word, among: commands)) (commands: \(list))")
  }

  private func checkFlag(_ name: String) throws {
    if EnvironmentDefaults.table.contains(where: { $0.name == name || $0.aliases.contains(name) }) {
      throw Failure.usage("--\(name) is a flag of serve, expected behind it; write: radial serve --\(name) …")
    }
    let known = ["help", "version"]
    if !known.contains(name), let meant = Spelling.suggestion(for: name, among: known) {
      throw Failure.usage("there is no flag --\(name); did you mean --\(meant)?")
    }
  }
}
