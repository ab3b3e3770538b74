import Bytes
import Glibc

/// The bytes of a file or a pipe, inflated if they are gzip, or those of one member of a zip archive, seen through a window that moves
/// over them.
///
/// Memory is the window alone, which grows only as far as its user lets it. One user at a time.
final class ByteStream {
  private(set) var name: String
  /// Bytes from the beginning, as stored; nil: a pipe, whose end nobody knows.
  private(set) var size: Int?
  /// Stored bytes that have been read.
  private(set) var position = 0
  /// Whether the stored bytes are not those that are seen.
  var isPacked: Bool { inflater != nil }

  private let descriptor: Int32
  private let ownsDescriptor: Bool
  private var memory: UnsafeMutableRawPointer
  private var capacity: Int
  private var start = 0
  private var end = 0
  private var inflater: GzipInflater?
  /// Where the stored bytes begin in the file.
  private var origin = 0
  /// What the bytes of a zip member must come to, and what they have come to so far.
  private var checksum: (expected: UInt32, found: CRC32)?

  private static let readBytes = 256 << 10

  /// - Parameter path: `-` is the standard input.
  init(path: String) throws(RowFileError) {
    name = path == "-" ? "standard input" : path
    ownsDescriptor = path != "-"
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw RowFileError(.content, path, "cannot be opened (\(Self.reason())); check the path and its permissions")
    }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      throw RowFileError(.content, name, "cannot be read (\(Self.reason())); name a file of rows")
    }
    guard information.st_mode & S_IFMT != S_IFDIR else {
      if ownsDescriptor { close(descriptor) }
      throw RowFileError(.content, name, "is a directory; name a file of rows")
    }
    if information.st_mode & S_IFMT == S_IFREG {
      origin = max(0, Int(lseek(descriptor, 0, SEEK_CUR)))
      size = max(0, Int(information.st_size) - origin)
      posix_fadvise(descriptor, 0, 0, Int32(POSIX_FADV_SEQUENTIAL))
    } else {
      size = nil
    }
    capacity = 2 * Self.readBytes
    memory = .allocate(byteCount: capacity, alignment: 64)
    try detectGzip()
  }

  deinit {
    memory.deallocate()
    if ownsDescriptor { close(descriptor) }
  }

  /// What has been read and not consumed. Valid until the next call.
  var window: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory + start, count: end - start) }

  /// Reads more behind the window; false: there is no more.
  func fill() throws(RowFileError) -> Bool {
    if start == end { (start, end) = (0, 0) }
    if capacity - end < Self.readBytes / 2, start > 0 {
      memory.copyMemory(from: memory + start, byteCount: end - start)
      (start, end) = (0, end - start)
    }
    if capacity - end < Self.readBytes / 2 { grow() }
    let count = try read(into: memory + end, atMost: capacity - end)
    end += count
    return count > 0
  }

  /// Moves the window's start on.
  func consume(_ count: Int) {
    precondition(count <= end - start, "consuming beyond the window")
    start += count
  }

  /// Takes `count` bytes, or fewer at the end only.
  func take(_ count: Int, into target: UnsafeMutableRawPointer) throws(RowFileError) -> Int {
    var taken = min(count, end - start)
    target.copyMemory(from: memory + start, byteCount: taken)
    start += taken
    while taken < count {
      let more = try read(into: target + taken, atMost: count - taken)
      if more == 0 { break }
      taken += more
    }
    return taken
  }

  /// Stored bytes from anywhere, past the window; fewer at the end only. For files alone, that are not packed.
  /// - Parameter offset: from the stored bytes' beginning.
  func read(at offset: Int, _ count: Int, into target: UnsafeMutableRawPointer) throws(RowFileError) -> Int {
    var taken = 0
    while taken < count {
      let found = pread(descriptor, target + taken, count - taken, off_t(origin + offset + taken))
      if found < 0, errno == EINTR { continue }
      guard found >= 0 else {
        throw RowFileError(.system, name, "reading failed at byte \(offset + taken) (\(Self.reason())); check the disk")
      }
      if found == 0 { break }
      taken += found
    }
    return taken
  }

  /// The same, in an array of its own.
  func bytes(at offset: Int, _ count: Int) throws(RowFileError) -> [UInt8] {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 1)
    defer { memory.deallocate() }
    guard let start = memory.baseAddress else { return [] }
    return Array(memory.prefix(try read(at: offset, count, into: start)))
  }

  /// From here on the stream is one member of the zip archive that the file is; its checksum is looked at when its end is read.
  /// - Parameters:
  ///   - offset: of its packed bytes, from the stored bytes' beginning.
  ///   - label: what it is called in errors.
  func enter(
    member label: String, at offset: Int, packedSize: Int, isDeflated: Bool, crc: UInt32
  ) throws(RowFileError) {
    origin += offset
    guard lseek(descriptor, off_t(origin), SEEK_SET) >= 0 else {
      throw RowFileError(.system, name, "cannot be read at byte \(origin) (\(Self.reason())); check the disk")
    }
    name += ": \(label.withoutControls)"
    (size, position, start, end) = (packedSize, 0, 0, 0)
    inflater = isDeflated ? GzipInflater(.deflate, pending: UnsafeRawBufferPointer(start: nil, count: 0)) : nil
    checksum = (crc, CRC32())
  }

  /// Whether the bytes have a checksum, which is looked at when their end is read.
  var hasChecksum: Bool { checksum != nil }

  /// Reads to the end, and keeps nothing.
  func drain() throws(RowFileError) {
    repeat { consume(window.count) } while try fill()
  }

  /// Whether reading on would wait for a writer.
  var wouldWait: Bool {
    guard size == nil else { return false }
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, 0) == 0
  }

  private func detectGzip() throws(RowFileError) {
    while window.count < 2, try fill() {}
    // RFC 1952: the two bytes that begin every member.
    guard window.starts(with: [0x1f, 0x8b]) else { return }
    inflater = GzipInflater(.gzip, pending: window)
    (start, end) = (0, 0)
  }

  private func grow() {
    let larger = UnsafeMutableRawPointer.allocate(byteCount: 2 * capacity, alignment: 64)
    larger.copyMemory(from: memory + start, byteCount: end - start)
    memory.deallocate()
    (memory, capacity, start, end) = (larger, 2 * capacity, 0, end - start)
  }

  /// At least one byte, unless there is no more.
  private func read(into target: UnsafeMutableRawPointer, atMost count: Int) throws(RowFileError) -> Int {
    let found = try readUnpacked(into: target, atMost: count)
    guard let checksum else { return found }
    if found == 0, checksum.found.value != checksum.expected {
      throw RowFileError(.content, name, "its bytes do not agree with the zip archive's checksum; copy it again")
    }
    self.checksum?.found.update(UnsafeRawBufferPointer(start: target, count: found))
    return found
  }

  private func readUnpacked(into target: UnsafeMutableRawPointer, atMost count: Int) throws(RowFileError) -> Int {
    guard let inflater else { return try readStored(into: target, atMost: count) }
    while true {
      switch inflater.inflate(into: target, atMost: count) {
      case .made(let bytes): return bytes
      case .ended: return 0
      case .corrupt:
        throw RowFileError(.content, name, "the packed data is damaged at byte \(position) or before; copy it again")
      case .needsInput:
        let stored = try readStored(into: inflater.input, atMost: GzipInflater.inputBytes)
        if stored == 0, !inflater.isBetweenMembers {
          throw RowFileError(.content, name, "the packed data ends too early, at byte \(position); copy it again")
        }
        inflater.received(stored)
      }
    }
  }

  private func readStored(into target: UnsafeMutableRawPointer, atMost count: Int) throws(RowFileError) -> Int {
    var count = count
    // Behind a zip member come others.
    if checksum != nil, let size { count = min(count, size - position) }
    while true {
      let found = Glibc.read(descriptor, target, count)
      if found >= 0 {
        position += found
        return found
      }
      if errno == EAGAIN {
        // Somebody who shares the pipe has made it non-blocking.
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&request, 1, -1)
      } else if errno != EINTR {
        throw RowFileError(.system, name, "reading failed at byte \(position) (\(Self.reason())); check the disk")
      }
    }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
