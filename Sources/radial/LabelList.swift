import ArgumentParser
import Bytes
import Glibc

/// What `--labels` names: the classes' names, separated by commas, or the lines of a file.
enum LabelList {
  /// Larger than any list of names; a file without end ends here.
  private static let maximumBytes = 16 << 20

  /// - Parameter text: a file's path, when there is such a file; else the names themselves.
  static func names(_ text: String) throws(Failure) -> [String] {
    if access(text, F_OK) == 0 { return try lines(of: text) }
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
    // One name that looks like a path is a file that is not there.
    if names.count == 1, text.contains("/") || text.hasSuffix(".txt") || text.hasSuffix(".csv") {
      throw .usage("--labels: there is no file \(text); check the path, or give the names separated by commas")
    }
    if let index = names.firstIndex(of: "") {
      throw .usage("--labels: name \(index + 1) of \(names.count) is empty; give every class a name")
    }
    return names
  }

  /// The names in a file's bytes: one a line, ended by LF or CRLF, with a byte order mark or without; empty lines only at the end.
  static func names(in bytes: [UInt8], of path: String) throws(Failure) -> [String] {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var names: [String] = []
    for (index, line) in lines.enumerated() {
      guard let text = String(validating: line, as: UTF8.self) else {
        throw .usage("\(path): line \(index + 1) is no UTF-8; save the file as UTF-8")
      }
      let name =
        (index == 0 && text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text)
      names.append(name[...].trimmed)
    }
    while names.last == "" { names.removeLast() }
    if names.isEmpty { throw .usage("\(path): expected the classes' names, one a line, found none") }
    if let index = names.firstIndex(of: "") {
      throw .usage("\(path): line \(index + 1) is empty, expected a class's name; give every class a line")
    }
    return names
  }

  static func lines(of path: String, maximumBytes: Int = Self.maximumBytes) throws(Failure) -> [String] {
    let bytes: [UInt8]
    do throws(SmallFile.Failure) {
      bytes = try SmallFile.contents(of: path, limit: maximumBytes)
    } catch {
      switch error {
      case .system(let reason):
        throw .usage("\(path): cannot be read (\(reason)); check the path and its permissions")
      case .tooLarge: throw .usage("\(path): expected at most \(maximumBytes) bytes of names, one a line, found more")
      }
    }
    return try names(in: bytes, of: path)
  }
}

extension Substring {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
