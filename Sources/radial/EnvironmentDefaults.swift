import ArgumentParser
import Glibc

/// Every flag of `serve` is also a variable: `--max-body-bytes` is `RADIAL_MAX_BODY_BYTES`. A flag wins over its variable.
struct EnvironmentDefaults {
  let environment: [String: String]

  /// `serve`'s options, and its flags, which take no value: read off the declarations, so that none is forgotten.
  static let (options, flags) = {
    var (options, flags): ([String], [String]) = ([], [])
    let declarations: [any ParsableArguments] = [ServeOptions(), KerasOptions()]
    for child in declarations.flatMap({ Array(Mirror(reflecting: $0).children) }) {
      // A wrapped property is stored under its name with an underscore.
      guard let label = child.label?.dropFirst() else { continue }
      let name = label.map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }.joined()
      if child.value is Flag<Bool> { flags.append(name) } else { options.append(name) }
    }
    return (options, flags)
  }()

  /// Flags of other servers that are flags here too, as KServe's runtimes pass them.
  static let aliases = [
    "port": ["http-port", "http_port"], "model": ["model-dir", "model_dir"], "model-name": ["model_name"],
  ]

  /// Every spelling of a flag.
  static func names(of name: String) -> NameSpecification {
    NameSpecification(([name] + (aliases[name] ?? [])).map { .customLong($0) })
  }

  /// `arguments` with what the environment adds, when the subcommand is `serve`.
  func applied(to arguments: [String]) -> [String] {
    guard arguments.first == "serve" else { return arguments }
    var added: [String] = []
    for name in Self.options where !Self.isGiven(name, in: arguments) {
      guard let value = value(of: name) else { continue }
      // Several models are separated by commas.
      let values = name == "model" ? value.split(separator: ",").map(String.init) : [value]
      added += values.map { "--\(name)=\($0)" }
    }
    for name in Self.flags where !Self.isGiven(name, in: arguments) {
      if ["1", "true", "yes", "on"].contains(environment[Self.variable(name)]?.lowercased()) {
        added.append("--\(name)")
      }
    }
    return ["serve"] + added + arguments.dropFirst()
  }

  /// The variables that `applied` would use.
  func used(with arguments: [String]) -> [String] {
    (Self.options + Self.flags).filter {
      !Self.isGiven($0, in: arguments) && value(of: $0) != nil
    }
    .map(Self.variable)
  }

  /// What the environment says of an option; nil: nothing.
  private func value(of name: String) -> String? {
    guard let value = environment[Self.variable(name)], !value.isEmpty else { return nil }
    // Beside a Service called radial Kubernetes sets RADIAL_PORT=tcp://ADDRESS:PORT for every pod of its namespace.
    return name == "port" && value.hasPrefix("tcp://") ? nil : value
  }

  static func variable(_ name: String) -> String {
    "RADIAL_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  private static func isGiven(_ name: String, in arguments: [String]) -> Bool {
    let names = [name] + (aliases[name] ?? [])
    return arguments.contains { argument in
      names.contains { argument == "--\($0)" || argument.hasPrefix("--\($0)=") }
    }
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
