import FileFormats
import FoundationEssentials
import Glibc
import RadialEngine

/// What `radial.json`, beside the file of a version, says of it: the members of `LoadOptions` under the names of their flags.
///
/// It is strict: what is not known here is an error, since a setting that does nothing would be a wrong answer later.
struct ModelSettings: Equatable {
  static let fileName = "radial.json"
  /// Names of many thousand classes fit in; a file without end does not.
  private static let maximumBytes = 1 << 20

  private(set) var options = LoadOptions()

  /// - Parameter path: of the file itself.
  init(path: String) throws(ModelError) {
    func invalid(_ sentence: String) -> ModelError { ModelError(.metadata, path, sentence) }
    let text = try Self.text(path)
    guard let document = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
      throw invalid("is no JSON; expected an object such as {\"labels\":[\"cat\",\"dog\"],\"gamma\":0.5}")
    }
    guard let members = document.object else {
      throw invalid("expected a JSON object such as {\"labels\":[\"cat\",\"dog\"],\"gamma\":0.5}, found another value")
    }
    if let name = Self.repeatedMember(of: text) { throw invalid("member '\(name)' is there twice; leave one of them") }
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      guard let member = Member(rawValue: name) else {
        let known = Member.allCases.map(\.rawValue)
        throw invalid(
          "unknown member '\(name)'\(Spelling.question(for: name, among: known)) (known: \(known.joined(separator: ", ")))"
        )
      }
      if let expected = take(member, value, path) {
        throw invalid("'\(name)' is \(value.text(isPretty: false).prefix(80)), expected \(expected)")
      }
    }
  }

  private enum Member: String, CaseIterable {
    case labels
    case falseRejectRate = "false_reject_rate"
    case gamma
    case rbfForm = "rbf_form"
    case rbfLayout = "rbf_layout"
    case config
  }

  /// Takes a member over; returns what was expected instead of its value, or nil.
  private mutating func take(_ member: Member, _ value: JSONValue, _ path: String) -> String? {
    switch member {
    case .labels:
      let names = value.array?.map(\.text) ?? [nil]
      guard names.allSatisfy({ $0?.isEmpty == false }) else { return "an array of names, none of them empty" }
      options.labels = names.compactMap { $0 }
      options.labelsPath = path
    case .falseRejectRate:
      guard let rate = value.number, rate > 0, rate < 1 else { return "a number between 0 and 1" }
      options.falseRejectRate = rate
      options.falseRejectRatePath = path
    case .gamma:
      guard let gamma = value.number, Float(gamma) > 0, Float(gamma).isFinite else { return "a positive number" }
      options.gamma = gamma
    case .rbfForm:
      guard let form = value.text.flatMap(RBFForm.init) else {
        return "one of " + RBFForm.allCases.map(\.rawValue).joined(separator: ", ")
      }
      options.rbfForm = form
    case .rbfLayout:
      guard let layout = value.text.flatMap(RBF.CentersLayout.init) else { return "features_units or units_features" }
      options.rbfLayout = layout
    case .config:
      // A name alone cannot lead out of the folder.
      guard let name = value.text, !name.isEmpty, name != ".", name != "..",
        !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
      else { return "the name of a file in the same folder" }
      options.configurationPath = path.dropLast(Self.fileName.count) + name
    }
    return nil
  }

  private static func text(_ path: String) throws(ModelError) -> String {
    let expected = "expected a file of 1 to \(maximumBytes) bytes of JSON in UTF-8"
    var information = stat()
    if stat(path, &information) == 0 {
      guard information.st_mode & S_IFMT == S_IFREG else { throw ModelError(.file, path, "is no file; \(expected)") }
      // Before it is read.
      guard (1...maximumBytes).contains(Int(information.st_size)) else {
        throw ModelError(.file, path, "has \(information.st_size) bytes; \(expected)")
      }
    }
    let file = try FileContents(path: path)
    guard file.count <= maximumBytes, let text = file.withBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw ModelError(.file, path, "is no UTF-8; \(expected)")
    }
    // A byte order mark, as Windows' editors write it.
    return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
  }

  /// The first member of the object that comes twice, in text that is JSON: a decoder keeps one of the two and says nothing.
  private static func repeatedMember(of text: String) -> String? {
    var seen: Set<String> = []
    var (depth, start): (Int, Int?) = (0, nil)
    var (last, isEscaped) = ("", false)
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() {
      if let begin = start {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          let literal = Data(bytes[begin...index])
          last = (try? JSONDecoder().decode(String.self, from: literal)) ?? ""
          start = nil
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): start = index
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ":") where depth == 1:
        if !seen.insert(last).inserted { return last }
      default: break
      }
    }
    return nil
  }
}

extension LoadOptions {
  /// These, of the command line, with what `radial.json` says of one version.
  /// - Throws: when both say something, and not the same: neither is passed over in silence.
  func joined(with settings: LoadOptions, of path: String) throws(ModelError) -> LoadOptions {
    var joined = self
    func take<Value: Equatable>(_ member: WritableKeyPath<LoadOptions, Value?>, _ name: String) throws(ModelError) {
      guard let value = settings[keyPath: member] else { return }
      if let given = self[keyPath: member], given != value {
        throw ModelError(.metadata, path, "'\(name)' and the flag `\(name)` differ; leave one of them out")
      }
      joined[keyPath: member] = value
    }
    try take(\.labels, "labels")
    try take(\.falseRejectRate, "false_reject_rate")
    try take(\.gamma, "gamma")
    try take(\.rbfForm, "rbf_form")
    try take(\.rbfLayout, "rbf_layout")
    try take(\.configurationPath, "config")
    (joined.labelsPath, joined.falseRejectRatePath) = (settings.labelsPath, settings.falseRejectRatePath)
    // A flag may be for the other models; what stands beside a file is for that file.
    let isForKeras = [settings.gamma == nil, settings.rbfForm == nil, settings.rbfLayout == nil].contains(false)
    return isForKeras || settings.configurationPath != nil ? joined.forThisFile : joined
  }
}
