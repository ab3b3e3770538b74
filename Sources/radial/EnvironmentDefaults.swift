import ArgumentParser
import Glibc
import Models

/// Every flag of `serve` is also a variable: `--max-body-bytes` is `RADIAL_MAX_BODY_BYTES`. A flag wins over its variable. `probe` reads those
/// of the flags that it shares with `serve`.
struct EnvironmentDefaults {
  let environment: [String: String]

  /// A flag of `serve`.
  struct Entry: Sendable {
    let name: String
    var takesValue = true
    /// Whether it may be repeated: its variable has values between commas.
    var isList = false
    /// The same flag as other servers call it, and so KServe's runtimes pass it.
    var aliases: [String] = []

    var variable: String { "RADIAL_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined() }
  }

  /// Every flag that `serve --help` lists; a test compares the two.
  static let table = [
    Entry(name: "model", isList: true, aliases: ["model-dir", "model_dir"]),
    Entry(name: "model-name", aliases: ["model_name"]),
    Entry(name: "labels"), Entry(name: "false-reject-rate"), Entry(name: "check", takesValue: false),
    Entry(name: "tls-cert"), Entry(name: "tls-key"), Entry(name: "tls-client-ca"),
    Entry(name: "host"), Entry(name: "port", aliases: ["http-port", "http_port"]), Entry(name: "threads"),
    Entry(name: "admin-address"), Entry(name: "api-key-file"), Entry(name: "cors-allow-origin", isList: true),
    Entry(name: "allowed-host", isList: true), Entry(name: "path-prefix"),
    Entry(name: "max-batch-rows"), Entry(name: "max-queue-seconds"), Entry(name: "max-queue-rows"),
    Entry(name: "models-dir"),
    Entry(name: "default-model"), Entry(name: "models-scan-interval"), Entry(name: "allow-unload", takesValue: false),
    Entry(name: "max-request-rows"), Entry(name: "inline-budget"), Entry(name: "max-body-bytes"),
    Entry(name: "max-response-bytes"), Entry(name: "memory-budget"), Entry(name: "request-timeout"),
    Entry(name: "half-closed"), Entry(name: "max-header-bytes"), Entry(name: "refuse-chunked", takesValue: false),
    Entry(name: "max-connections"),
    Entry(name: "header-timeout"),
    Entry(name: "body-timeout"), Entry(name: "idle-timeout"), Entry(name: "drain-delay"),
    Entry(name: "drain-timeout"), Entry(name: "log-format"), Entry(name: "log-level"),
    Entry(name: "access-log", takesValue: false), Entry(name: "unknown-log"), Entry(name: "unknown-log-bytes"),
    Entry(name: "rbf-layout"), Entry(name: "rbf-form"),
    Entry(name: "gamma"), Entry(name: "config"),
  ]

  /// Variables that are no flags: the instruction set, which every command knows, and the scripts' place for Python environments.
  private static let others = ["RADIAL_ISA", "RADIAL_VENVS"]

  /// Every spelling of a flag.
  static func names(of name: String) -> NameSpecification {
    let aliases = table.first { $0.name == name }?.aliases ?? []
    return NameSpecification(([name] + aliases).map { .customLong($0) })
  }

  /// The flags of `AddressOptions`.
  private static let addressNames: Set = ["host", "port", "admin-address", "path-prefix", "tls-cert"]

  /// The flags that are variables of a command.
  private static func entries(of command: String?) -> [Entry] {
    switch command {
    case "serve": table
    case "probe": table.filter { addressNames.contains($0.name) }
    default: []
    }
  }

  /// `arguments` with what the environment adds, when the subcommand is `serve` or `probe`.
  /// - Throws: when the variable of a flag without a value says neither yes nor no.
  func applied(to arguments: [String]) throws -> [String] {
    guard let command = arguments.first else { return arguments }
    let given = Self.given(in: arguments.dropFirst())
    var added: [String] = []
    for entry in Self.entries(of: command) where !given.contains(entry.name) {
      guard let value = value(of: entry) else { continue }
      if !entry.takesValue {
        if try Self.isYes(value, entry.variable) { added.append("--\(entry.name)") }
        continue
      }
      let values = entry.isList ? value.split(separator: ",").map(String.init) : [value]
      added += values.map { "--\(entry.name)=\($0)" }
    }
    return [command] + added + arguments.dropFirst()
  }

  /// The variables that `applied` would use.
  func used(with arguments: [String]) -> [String] {
    let given = Self.given(in: arguments.dropFirst())
    return Self.entries(of: arguments.first).filter { !given.contains($0.name) && value(of: $0) != nil }.map(\.variable)
  }

  /// A sentence for each variable that begins as ours do and that nothing here reads, by name.
  func complaints() -> [String] {
    let known = Self.table.map(\.variable) + Self.others
    return environment.sorted { $0.key < $1.key }.compactMap { name, value in
      guard name.hasPrefix("RADIAL_"), !known.contains(name), !Self.isServiceLink(name, value) else { return nil }
      return "the variable \(name) is none of radial's and does nothing"
        + Spelling.question(for: name, among: known) + " (every flag of radial serve is a variable)"
    }
  }

  /// What the environment says of a flag; nil: nothing.
  private func value(of entry: Entry) -> String? {
    guard let value = environment[entry.variable], !value.isEmpty else { return nil }
    return Self.isServiceLink(entry.variable, value) ? nil : value
  }

  /// Whether Kubernetes set it, as it does in every pod beside a Service whose name is radial, or begins so: RADIAL_SERVICE_HOST,
  /// RADIAL_SERVICE_PORT_HTTP, RADIAL_PORT=tcp://ADDRESS:PORT, RADIAL_PORT_8080_TCP_ADDR.
  private static func isServiceLink(_ name: String, _ value: String) -> Bool {
    if ["tcp://", "udp://", "sctp://"].contains(where: value.hasPrefix) { return true }
    let words = name.split(separator: "_")
    return zip(words, words.dropFirst()).contains { word, next in
      (word == "SERVICE" && ["HOST", "PORT"].contains(next)) || (word == "PORT" && next.allSatisfy(\.isNumber))
    }
  }

  private static func isYes(_ value: String, _ variable: String) throws -> Bool {
    switch value.lowercased() {
    case "1", "true", "yes", "on": return true
    case "0", "false", "no", "off": return false
    default: throw Failure.usage("\(variable): expected 1, true, yes or on, or 0, false, no or off, found '\(value)'")
    }
  }

  /// The names of the flags that are on the command line, in any spelling. A path without a flag is a model.
  private static func given(in arguments: ArraySlice<String>) -> Set<String> {
    var found: Set<String> = []
    var rest = arguments
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-"), argument != "-" else {
        found.insert("model")
        continue
      }
      // Behind it everything is a path.
      if argument == "--" { return rest.isEmpty ? found : found.union(["model"]) }
      let spelling = argument.dropFirst(2).prefix { $0 != "=" }
      guard let entry = table.first(where: { ([$0.name] + $0.aliases).contains(String(spelling)) }) else { continue }
      found.insert(entry.name)
      if entry.takesValue, !argument.contains("=") { _ = rest.popFirst() }
    }
    return found
  }
}

extension [String: String] {
  /// The environment of this process.
  static var process: [String: String] {
    var result: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 { result[String(pair[0])] = String(pair[1]) }
      entry += 1
    }
    return result
  }
}
