import CZlib

/// Inflates a raw deflate stream (RFC 1951) of exactly `size` bytes.
func inflated(_ packed: Bytes, size: Int, _ place: String) throws(FormatError) -> Bytes {
  // Deflate packs at most 1032 to 1 (zlib's technical details): a size beyond that is a lie, found before memory is taken for it.
  guard size / 1032 <= packed.count, size < Int(UInt32.max), packed.count <= Int(UInt32.max) else {
    throw .damaged("\(place) claims \(size) bytes from \(packed.count), more than deflate can pack")
  }
  var stream = z_stream()
  guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    throw FormatError("\(place): zlib has no memory to inflate it; give the process more")
  }
  defer { inflateEnd(&stream) }
  var status = Z_OK
  var written = 0
  // One byte more than expected, so that a longer stream is noticed.
  let output = packed.withBytes { packed in
    [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      stream.next_in = UnsafeMutablePointer(mutating: packed.bindMemory(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(packed.count)
      stream.next_out = buffer.baseAddress
      stream.avail_out = UInt32(size + 1)
      status = inflate(&stream, Z_FINISH)
      written = Int(stream.total_out)
      count = min(written, size)
    }
  }
  guard status == Z_STREAM_END, written == size else {
    throw .damaged("\(place) inflates to \(written) bytes, expected \(size)")
  }
  return Bytes(output)
}

/// The CRC of zip: zlib's.
func crc32(of bytes: Bytes) -> UInt32 {
  bytes.withBytes { bytes in
    var crc = crc32(0, nil, 0)
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      crc = crc32(crc, chunk.bindMemory(to: UInt8.self).baseAddress, UInt32(chunk.count))
      rest = rest.dropFirst(chunk.count)
    }
    return UInt32(truncatingIfNeeded: crc)
  }
}
