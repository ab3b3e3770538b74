internal import FileFormats

/// NumPy's archive of arrays, `.npz`: a zip archive whose members are `.npy` files, stored or deflated. Source: numpy.savez.
enum NumpyArchive {
  /// The directory is at an archive's end; one that is larger is no archive of arrays.
  private static let directoryBytes = 4 << 20
  private static let suffix = ".npy"

  static func isArchive(_ start: UnsafeRawBufferPointer) -> Bool {
    start.starts(with: [0x50, 0x4b, 3, 4]) || start.starts(with: [0x50, 0x4b, 5, 6])
  }

  /// Moves the stream to the bytes of one of the arrays.
  /// - Parameter array: its name; nil: the archive's only one.
  static func enter(_ stream: ByteStream, array: String?) throws(RowFileError) {
    func invalid(_ sentence: String) -> RowFileError { RowFileError(.content, stream.name, sentence) }
    guard let size = stream.size, !stream.isPacked else {
      throw invalid(
        "is a zip archive within \(stream.isPacked ? "gzip" : "a pipe"), and its directory is at its end; name the file itself"
      )
    }
    let origin = max(0, size - directoryBytes)
    let tail = try stream.bytes(at: origin, size - origin)
    guard tail.count == size - origin else { throw invalid("has become shorter while it was read; try again") }
    let archive: ZipArchive
    do throws(FormatError) {
      archive = try ZipArchive(ByteSlice(tail), origin: origin)
    } catch {
      throw invalid(error.description)
    }
    let names = archive.names
    let arrays = names.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
    guard !arrays.isEmpty else { throw invalid(ForeignForm.refusal(zipMembers: names)) }
    let name = try choose(array, arrays, invalid)
    guard let member = archive.member(name + suffix) else { preconditionFailure("a name of the directory") }
    guard !member.isEncrypted, member.method == 0 || member.method == 8 else {
      throw invalid("\(name) is encrypted, or packed by method \(member.method); write it again with numpy.savez")
    }
    guard member.method == 8 || member.compressedSize == member.size else {
      throw invalid("\(name) is stored in \(member.compressedSize) bytes, expected \(member.size); copy it again")
    }
    try stream.enter(
      member: name, at: try dataOffset(member, in: stream, size: size, invalid), packedSize: member.compressedSize,
      isDeflated: member.method == 8, crc: member.crc)
  }

  private static func choose(
    _ wanted: String?, _ arrays: [String], _ invalid: (String) -> RowFileError
  ) throws(RowFileError) -> String {
    let shown = arrays.prefix(8).joined(separator: ", ") + (arrays.count > 8 ? ", …" : "")
    guard let wanted else {
      guard arrays.count == 1 else { throw invalid("holds the arrays \(shown); say which with `array` NAME") }
      return arrays[0]
    }
    let name = wanted.hasSuffix(suffix) ? String(wanted.dropLast(suffix.count)) : wanted
    guard arrays.contains(name) else { throw invalid("has no array '\(wanted)'; it holds \(shown)") }
    return name
  }

  /// Where a member's packed bytes begin: behind its local header, whose two lengths are its own.
  private static func dataOffset(
    _ member: ZipArchive.Member, in stream: ByteStream, size: Int, _ invalid: (String) -> RowFileError
  ) throws(RowFileError) -> Int {
    let damaged = "is damaged: a member lies outside of it; copy it again"
    guard member.headerOffset <= size - 30 else { throw invalid(damaged) }
    let header = try stream.bytes(at: member.headerOffset, 30)
    guard header.count == 30, header.starts(with: [0x50, 0x4b, 3, 4]) else { throw invalid(damaged) }
    let nameLength = Int(header[26]) | Int(header[27]) << 8
    let extraLength = Int(header[28]) | Int(header[29]) << 8
    let offset = member.headerOffset + header.count + nameLength + extraLength
    guard offset <= size, member.compressedSize <= size - offset else { throw invalid(damaged) }
    return offset
  }
}
