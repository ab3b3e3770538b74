import Bytes

/// Inflates a raw deflate stream (RFC 1951) of exactly `size` bytes.
func inflated(_ packed: ByteSlice, size: Int, _ place: String) throws(FormatError) -> ByteSlice {
  // Deflate packs at most 1032 to 1 (zlib's technical details): a size beyond that is a lie, found before memory is taken for it.
  guard size / 1032 <= packed.count else {
    throw .damaged("\(place) claims \(size) bytes from \(packed.count), more than deflate can pack")
  }
  guard let stream = InflateStream(.none) else {
    throw FormatError("\(place): zlib has no memory to inflate it; give the process more")
  }
  var (written, state) = (0, InflateStream.State.unfinished)
  // One byte more than expected, so that a longer stream is noticed.
  let output = packed.withBytes { packed in
    [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      var rest = packed
      while state == .unfinished, written <= size {
        let room = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[written...(size)]))
        let made: Int
        (made, state) = stream.inflate(&rest, into: room)
        written += made
        // Neither an end nor anything new: the stream is cut short.
        if made == 0 { break }
      }
      count = min(written, size)
    }
  }
  guard state == .ended, written == size else {
    throw .damaged("\(place) inflates to \(written) bytes, expected \(size)")
  }
  return ByteSlice(output)
}

/// The CRC of zip.
func crc32(of bytes: ByteSlice) -> UInt32 {
  var crc = CRC32()
  bytes.withBytes { crc.update($0) }
  return crc.value
}
