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
  private struct File {
    let name: String
    /// As the names have them: files are in the order in which they were begun, whatever the clock says.
    let number: Int
    var bytes: Int
  }

  private let directory: String
  private let maxBytes: Int
  /// Held as long as the files are written: two processes would remove each other's.
  private let lock: Int32
  /// Oldest first; the last one is being written while `descriptor` is open.
  private var files: [File] = []
  private var descriptor: Int32 = -1
  /// After a failure nothing is tried for a while, in monotonic nanoseconds.
  private var retryTime: UInt64 = 0

  private static let prefix = "unknown-"
  private static let suffix = ".jsonl"
  /// How many files all together are about.
  private static let parts = 8
  private static let pause: UInt64 = 1_000_000_000

  /// - Parameters:
  ///   - directory: made if it is not there.
  ///   - maxBytes: of its files together.
  init(directory: String, maxBytes: Int) throws(FileProblem) {
    if mkdir(directory, 0o700) != 0 && errno != EEXIST {
      throw FileProblem(directory, "cannot be made", code: errno)
    }
    let path = "\(directory)/.lock"
    let lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else { throw FileProblem(path, "cannot be written", code: errno) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(lock)
      guard code == EWOULDBLOCK else { throw FileProblem(path, "cannot be locked", code: code) }
      throw FileProblem("'\(directory)' is written by another process; give each one a directory of its own")
    }
    let found: [File]
    do throws(FileProblem) {
      found = try Self.found(in: directory)
    } catch {
      close(lock)
      throw error
    }
    (self.directory, self.maxBytes, self.lock, files) = (directory, maxBytes, lock, found)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    close(lock)
  }

  /// Whether a directory is there, or could be made, and could be written to; nothing is changed.
  static func check(_ directory: String) throws(FileProblem) {
    guard !directory.isEmpty else { throw FileProblem("an empty name is no directory; leave the flag out") }
    var information = stat()
    guard stat(directory, &information) == 0 else {
      let parent = directory.split(separator: "/").dropLast().joined(separator: "/")
      let place = directory.hasPrefix("/") ? "/" + parent : parent.isEmpty ? "." : parent
      guard access(place, W_OK | X_OK) == 0 else { throw FileProblem(directory, "cannot be made", code: errno) }
      return
    }
    guard information.st_mode & S_IFMT == S_IFDIR else {
      throw FileProblem(directory, "is no directory", code: ENOTDIR)
    }
    guard access(directory, W_OK | X_OK) == 0 else { throw FileProblem(directory, "cannot be written to", code: errno) }
  }

  /// Writes a line, whole or not at all.
  func append(line: UnsafeRawBufferPointer) throws(FileProblem) {
    let now = monotonicNanoseconds()
    guard now >= retryTime else { throw FileProblem("'\(directory)' could not be written to a moment ago") }
    do throws(FileProblem) {
      try write(line)
      retryTime = 0
    } catch {
      retryTime = now + Self.pause
      throw error
    }
  }

  private func write(_ line: UnsafeRawBufferPointer) throws(FileProblem) {
    guard line.count <= maxBytes else {
      throw FileProblem("a line of \(line.count) bytes is larger than the \(maxBytes) that all may take")
    }
    if descriptor >= 0, let last = files.last, last.bytes + line.count > max(maxBytes / Self.parts, 1) { end() }
    // Somebody may have taken the file away to look at it.
    if descriptor >= 0, isRemoved() { end() }
    if descriptor < 0 { try begin() }
    try makeRoom(for: line.count)
    let place = files.count - 1
    var rest = line
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = Glibc.write(descriptor, start, rest.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        let code = errno
        // What a full disk left of the line is taken back, and a file that has nothing is no file.
        _ = ftruncate(descriptor, off_t(files[place].bytes))
        if files[place].bytes == 0 {
          unlink("\(directory)/\(files[place].name)")
          files.removeLast()
        }
        end()
        throw FileProblem(directory, "cannot be written to", code: code)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    files[place].bytes += line.count
  }

  private func isRemoved() -> Bool {
    var information = stat()
    return fstat(descriptor, &information) != 0 || information.st_nlink == 0
  }

  private func end() {
    close(descriptor)
    descriptor = -1
  }

  private func begin() throws(FileProblem) {
    let number = (files.last?.number ?? 0) + 1
    let text = String(number)
    let padded = String(repeating: "0", count: max(0, 9 - text.utf8.count)) + text
    let time = UTCTime.now.description.filter { $0 != "-" && $0 != ":" }
    let name = "\(Self.prefix)\(padded)-\(time)\(Self.suffix)"
    descriptor = open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileProblem("\(directory)/\(name)", "cannot be made", code: errno) }
    files.append(File(name: name, number: number, bytes: 0))
  }

  /// Removes the oldest files until so many bytes more are within what all may take.
  private func makeRoom(for bytes: Int) throws(FileProblem) {
    var total = files.reduce(0) { $0 + $1.bytes }
    while total + bytes > maxBytes, files.count > 1 {
      let oldest = files[0]
      guard unlink("\(directory)/\(oldest.name)") == 0 || errno == ENOENT else {
        throw FileProblem("\(directory)/\(oldest.name)", "cannot be removed", code: errno)
      }
      total -= oldest.bytes
      files.removeFirst()
    }
  }

  /// The files of before, oldest first.
  private static func found(in directory: String) throws(FileProblem) -> [File] {
    guard let entries = opendir(directory) else { throw FileProblem(directory, "cannot be read", code: errno) }
    defer { closedir(entries) }
    var files: [File] = []
    while let entry = readdir(entries) {
      // In its place: a copy would read beyond the record.
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix(prefix), name.hasSuffix(suffix),
        let number = Int(name.dropFirst(prefix.utf8.count).prefix { $0 != "-" })
      else { continue }
      var status = stat()
      guard lstat("\(directory)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      files.append(File(name: name, number: number, bytes: Int(status.st_size)))
    }
    return files.sorted { ($0.number, $0.name) < ($1.number, $1.name) }
  }
}
