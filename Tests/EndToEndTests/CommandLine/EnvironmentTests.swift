import Foundation
import Testing

@testable import radial

/// `serve`'s flags as variables.
@Suite struct EnvironmentTests {
  @Test func `every flag of serve has its variable, and every variable its flag`() throws {
    let help = try RunningServer.run(["serve", "--help"]).output
    var listed: Set<String> = []
    for line in help.split(separator: "\n") where line.hasPrefix("  -") {
      // The names stand before the value, or before two blanks and the text.
      for word in line.split(separator: " ").prefix(while: { $0.hasPrefix("-") }) where word.hasPrefix("--") {
        listed.insert(String(word.dropFirst(2).prefix { $0 != "," }))
      }
    }
    let table = EnvironmentDefaults.table.flatMap { [$0.name] + $0.aliases }
    #expect(Set(table).count == table.count)
    #expect(Set(table) == listed.subtracting(["help", "version"]))
    for entry in EnvironmentDefaults.table {
      // A flag takes a value if the help shows one behind its last name.
      let name = entry.aliases.last ?? entry.name
      #expect(help.contains("--\(name) <") == entry.takesValue, "\(name)")
    }
  }

  @Test(arguments: [
    (["serve"], ["serve", "--port=1", "--access-log"]),
    (["serve", "--port", "2"], ["serve", "--access-log", "--port", "2"]),
    (["serve", "--http_port=2"], ["serve", "--access-log", "--http_port=2"]),
    (["serve", "--access-log"], ["serve", "--port=1", "--access-log"]),
    // The word behind a flag is its value.
    (["serve", "--host", "--port"], ["serve", "--port=1", "--access-log", "--host", "--port"]),
    (["probe"], ["probe", "--port=1"]), (["probe", "--port", "2"], ["probe", "--port", "2"]),
    (["predict", "m"], ["predict", "m"]), ([], []),
  ])
  func `a variable is a flag that was not given`(arguments: [String], expected: [String]) throws {
    let defaults = EnvironmentDefaults(environment: [
      "RADIAL_PORT": "1", "RADIAL_ACCESS_LOG": "Yes", "RADIAL_HOST": "", "RADIAL_ALLOW_UNLOAD": "0",
    ])
    #expect(try defaults.applied(to: arguments) == expected)
  }

  @Test func `a path without a flag stands in for the variable of models`() throws {
    let defaults = EnvironmentDefaults(environment: ["RADIAL_MODEL": "a,b=c"])
    #expect(try defaults.applied(to: ["serve"]) == ["serve", "--model=a", "--model=b=c"])
    for arguments in [
      ["x.keras"], ["--port", "1", "x.keras"], ["--check", "x.keras"], ["--", "-x.keras"], ["--model", "y"],
    ] {
      #expect(try defaults.applied(to: ["serve"] + arguments) == ["serve"] + arguments)
    }
  }

  @Test func `a flag's variable says yes or no and nothing else`() {
    let defaults = EnvironmentDefaults(environment: ["RADIAL_ACCESS_LOG": "maybe"])
    let failure = #expect(throws: Failure.self) { try defaults.applied(to: ["serve"]) }
    #expect(failure?.code == 2 && failure?.message.contains("found 'maybe'") == true)
  }

  @Test(arguments: [
    ("RADIAL_PROT", "8080", "did you mean 'RADIAL_PORT'?"), ("RADIAL_THREAD", "1", "did you mean 'RADIAL_THREADS'?"),
    ("RADIAL_COLOUR", "red", "none of radial's"), ("RADIAL_MAX_BODY_SIZE", "1", "none of radial's"),
    ("RADIAL_ISA", "avx2", nil), ("RADIAL_VENVS", "/x", nil), ("RADIAL_MODELS_DIR", "/x", nil), ("RADIAL", "/x", nil),
    ("RADIALS_PROT", "1", nil),
    // What Kubernetes sets for Services called radial and radial-digits.
    ("RADIAL_PORT", "tcp://10.0.0.1:80", nil), ("RADIAL_SERVICE_HOST", "10.0.0.1", nil),
    ("RADIAL_SERVICE_PORT", "80", nil), ("RADIAL_SERVICE_PORT_HTTP", "80", nil),
    ("RADIAL_PORT_8080_TCP", "tcp://10.0.0.1:80", nil), ("RADIAL_PORT_8080_TCP_PROTO", "tcp", nil),
    ("RADIAL_PORT_8080_TCP_PORT", "8080", nil), ("RADIAL_PORT_8080_TCP_ADDR", "10.0.0.1", nil),
    ("RADIAL_DIGITS_SERVICE_HOST", "10.0.0.1", nil), ("RADIAL_DIGITS_PORT", "tcp://10.0.0.1:80", nil),
    ("RADIAL_DIGITS_PORT_53_UDP_ADDR", "10.0.0.1", nil),
  ])
  func `a variable that nothing reads is complained of, and Kubernetes' own are not`(
    name: String, value: String, sentence: String?
  ) {
    let complaints = EnvironmentDefaults(environment: [name: value, "PATH": "/bin"]).complaints()
    #expect(complaints.count == (sentence == nil ? 0 : 1))
    if let sentence {
      #expect(complaints.first?.contains(name) == true && complaints.first?.contains(sentence) == true)
    }
  }

  @Test func `the complaint is in the log once`() throws {
    let found = try RunningServer.run(
      ["serve", RunningServer.weights("example.safetensors"), "--check"], environment: ["RADIAL_PROT": "1"])
    #expect(found.status == 0)
    #expect(found.error.components(separatedBy: "RADIAL_PROT ").count == 2 && found.error.contains("warning"))
  }
}
