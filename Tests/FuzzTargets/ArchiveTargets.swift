import FileFormats

/// A zip archive, every member unpacked.
enum ZipTarget {
  private static let limit = 1 << 20

  static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
    do throws(FormatError) {
      let archive = try ZipArchive(ByteSlice(Array(bytes)))
      for name in archive.names {
        let content = try archive.contents(name, limit: limit)
        require(content.count == archive.member(name)?.size, "a member of another size than the directory says")
      }
      return .read
    } catch {
      return .refused(error.description)
    }
  }
}

/// An HDF5 file, every group, attribute and dataset of it, as deep as Keras nests them.
enum HDF5Target {
  private static let maxDepth = 4

  static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
    do throws(FormatError) {
      let file = try HDF5File(ByteSlice(Array(bytes)))
      try visit("/", depth: 0, of: file, bytes.count)
      return .read
    } catch {
      return .refused(error.description)
    }
  }

  private static func visit(_ path: String, depth: Int, of file: HDF5File, _ count: Int) throws(FormatError) {
    for name in try file.attributes(of: path) ?? [] { _ = try file.strings(attribute: name, of: path) }
    guard depth < maxDepth else { return }
    for name in try file.members(of: path) ?? [] {
      let member = path == "/" ? "/\(name)" : "\(path)/\(name)"
      do throws(FormatError) {
        try visit(member, depth: depth + 1, of: file, count)
      } catch {
        // No group: perhaps a dataset.
        guard let dataset = try file.dataset(member) else { throw error }
        require(dataset.bytes.count <= count, "a dataset that is larger than its file")
        require(
          dataset.bytes.count == dataset.shape.reduce(dataset.type.bytes, *),
          "a dataset that is not as large as its shape")
      }
    }
  }
}
