import FileFormats
import Glibc
import RadialEngine

/// A file's bytes, read into memory of our own. They are lent to closures and never stored.
///
/// Not mapped: a file that another process cuts short while it is mapped ends this one (SIGBUS, mmap(2)), and a directory of models is
/// watched while people copy into it. The weights are repacked, and so copied, anyway.
/// `Sendable`: what was read never changes.
final class FileContents: ByteOwner, @unchecked Sendable {
  let path: String
  private let bytes: UnsafeRawBufferPointer
  private let pages: PageMemory?

  var count: Int { bytes.count }

  /// - Parameter expected: what the file is to be, for an error.
  convenience init(path: String, expected: String = ForeignFile.expectedModel) throws(ModelError) {
    // O_NONBLOCK: opening a FIFO would wait for a writer; on a regular file it means nothing.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ModelError(
        .file, path, "cannot be opened (\(String(cString: strerror(errno)))); check the path and its permissions")
    }
    defer { close(descriptor) }
    try self.init(descriptor: descriptor, path: path, expected: expected)
  }

  /// - Parameters:
  ///   - descriptor: of the file, which stays the caller's.
  ///   - path: for errors.
  init(
    descriptor: Int32, path: String, expected: String = ForeignFile.expectedModel, mayBeEmpty: Bool = false
  ) throws(ModelError) {
    self.path = path
    var information = stat()
    let isKnown = fstat(descriptor, &information) == 0
    if isKnown, information.st_mode & S_IFMT == S_IFDIR {
      let telling = ["saved_model.pb", "config.json", "model.weights.h5"]
      let held = Set(telling.filter { access("\(path)/\($0)", F_OK) == 0 })
      throw ForeignFile.directory(holding: held).refusal(path, expected: expected)
    }
    guard isKnown, information.st_mode & S_IFMT == S_IFREG else {
      throw ModelError(.file, path, "is not a regular file, expected \(expected); name a file")
    }
    if information.st_size == 0, mayBeEmpty {
      (bytes, pages) = (UnsafeRawBufferPointer(start: nil, count: 0), nil)
      return
    }
    guard information.st_size > 0 else {
      throw ModelError(.file, path, "is empty, expected \(expected); copy or export it again")
    }
    let size = Int(information.st_size)
    // Pages of its own, given back as soon as the model is built.
    guard let pages = PageMemory(byteCount: size) else {
      throw ModelError(.file, path, "its \(size) bytes do not fit into memory")
    }
    self.pages = pages
    let memory = pages.start
    var count = 0
    while count < size {
      let read = pread(descriptor, memory + count, size - count, off_t(count))
      if read < 0 && errno == EINTR { continue }
      guard read > 0 else {
        let reason = read < 0 ? String(cString: strerror(errno)) : "it ended after \(count) of \(size) bytes"
        pages.free()
        throw ModelError(
          .file, path, "cannot be read (\(reason)); replace a model by renaming a whole file into its place")
      }
      count += read
    }
    bytes = UnsafeRawBufferPointer(start: memory, count: size)
  }

  deinit { pages?.free() }

  /// Lends the whole file.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes)
  }
}
