import Bytes
import Glibc

/// Why a file or directory cannot be used.
package struct FileProblem: Error, CustomStringConvertible {
  package let description: String

  init(_ path: String, _ what: String, code: Int32) {
    description = "'\(path)' \(what) (\(String(cString: strerror(code))))"
  }

  init(_ sentence: String) { description = sentence }
}

/// Lines in the files of a directory, each file a part of them: a new one is begun when one is full, and the oldest ones go when all together
/// take more than they may.
///
/// `@unchecked Sendable`: used by one thread at a time.
final class RotatedFiles: @unchecked Sendable {
  private let directory: String
  private let maxBytes: Int
  /// Held as long as the files are written: two processes would remove each other's.
  private let lock: Int32
  /// The file that is being written; -1: none yet.
  private var file: Int32 = -1
  private var fileBytes = 0
  private var begun = 0

  static let prefix = "unknown-"
  static let suffix = ".jsonl"
  /// How many files all together are about.
  private static let parts = 8

  /// - Parameters:
  ///   - directory: made if it is not there.
  ///   - maxBytes: of its files together.
  init(directory: String, maxBytes: Int) throws(FileProblem) {
    (self.directory, self.maxBytes) = (directory, maxBytes)
    if mkdir(directory, 0o700) != 0 && errno != EEXIST {
      throw FileProblem(directory, "cannot be made", code: errno)
    }
    let path = "\(directory)/.lock"
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw FileProblem(path, "cannot be written", code: errno) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw FileProblem("'\(directory)' is written by another process; give each one a directory of its own")
    }
  }

  deinit {
    if file >= 0 { close(file) }
    close(lock)
  }

  /// Writes a line, whole or not at all.
  func append(line: UnsafeRawBufferPointer) throws(FileProblem) {
    if file >= 0 && fileBytes + line.count > max(maxBytes / Self.parts, 1) {
      close(file)
      file = -1
    }
    if file < 0 { try begin(besides: line.count) }
    var rest = line
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = write(file, start, rest.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        let code = errno
        // What a full disk left of the line is taken back, and the next line begins a file.
        _ = ftruncate(file, fileBytes)
        close(file)
        file = -1
        throw FileProblem(directory, "cannot be written to", code: code)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    fileBytes += line.count
  }

  /// Begins a file, and makes room for it and a line.
  private func begin(besides bytes: Int) throws(FileProblem) {
    try makeRoom(for: max(bytes, maxBytes / Self.parts))
    // In the order of their names, of which those of one second have a number.
    let time = UTCTime.now.description.filter { $0 != "-" && $0 != ":" }
    begun += 1
    let number = String(begun)
    let padded = String(repeating: "0", count: max(0, 6 - number.utf8.count)) + number
    let path = "\(directory)/\(Self.prefix)\(time)-\(padded)\(Self.suffix)"
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileProblem(path, "cannot be made", code: errno) }
    fileBytes = 0
  }

  /// Removes the oldest files until so many bytes more are within what all may take.
  private func makeRoom(for bytes: Int) throws(FileProblem) {
    var files = try found()
    var total = files.reduce(0) { $0 + $1.bytes }
    while total + bytes > maxBytes, let oldest = files.first {
      guard unlink("\(directory)/\(oldest.name)") == 0 || errno == ENOENT else {
        throw FileProblem("\(directory)/\(oldest.name)", "cannot be removed", code: errno)
      }
      total -= oldest.bytes
      files.removeFirst()
    }
  }

  /// The files of before, oldest first.
  private func found() throws(FileProblem) -> [(name: String, bytes: Int)] {
    guard let entries = opendir(directory) else { throw FileProblem(directory, "cannot be read", code: errno) }
    defer { closedir(entries) }
    var files: [(name: String, bytes: Int)] = []
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { continue }
      var status = stat()
      guard lstat("\(directory)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      files.append((name, Int(status.st_size)))
    }
    return files.sorted { $0.name < $1.name }
  }
}
