import COpenat2
import FileFormats
import Glibc
import Synchronization

/// Weights that lie in files beside an ONNX model, as `torch.onnx.export` writes them by itself.
///
/// A place is a relative path within the model's own folder. The kernel sees to it that nothing leads out, by no `..` and no link
/// (openat2(2), RESOLVE_BENEATH); links that stay inside are followed, such as those of volumes that Kubernetes mounts.
final class ONNXExternalData {
  private let model: String
  private let folder: String
  private var files: [String: ByteSlice] = [:]
  private var total = 0

  private static let maximumBytes = 1 << 31

  /// - Parameter model: the path of the model's file.
  init(model: String) {
    self.model = model
    folder = model.lastIndex(of: "/").map { String(model[...$0]) } ?? "./"
  }

  private static let known = Mutex<[Looked: [String]]>([:])

  private struct Looked: Hashable {
    let path: String
    let stamp: FileStamp
  }

  /// Where a model's file says that weights lie, as far as it can be read. A file is looked at once, as long as it does not change.
  static func places(of path: String, _ stamp: FileStamp) -> [String] {
    let key = Looked(path: path, stamp: stamp)
    if let places = known.withLock({ $0[key] }) { return places }
    var places: Set<String> = []
    if let file = try? FileContents(path: path) {
      try? ONNXReader(path: path).forEachPlace(ByteSlice(file)) { places.insert($0) }
    }
    let sorted = places.sorted()
    known.withLock { known in
      // Few models are served at once; what went is forgotten with the rest.
      if known.count >= 1024 { known = [:] }
      known[key] = sorted
    }
    return sorted
  }

  /// The files that are read with a model's own: those of its weights, where it is of ONNX.
  static func files(of path: String) -> [String] {
    guard path.hasSuffix(".onnx"), let stamp = FileStamp(path) else { return [] }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    return places(of: path, stamp).map { folder + $0 }
  }

  private func invalid(_ sentence: String) -> ModelError { ModelError(.file, model, sentence) }

  /// - Parameters:
  ///   - name: the tensor's.
  ///   - entries: what external_data says.
  ///   - expected: how many bytes the tensor has.
  func bytes(of name: String, _ entries: [String: String], expected: Int) throws(ModelError) -> ByteSlice {
    let title = "tensor '\(JSONValue.shortened(name))'"
    let place = entries["location"] ?? ""
    let parts = place.split(separator: "/", omittingEmptySubsequences: false)
    guard !place.isEmpty, !parts.contains(where: { $0.isEmpty || $0 == ".." }),
      !place.contains(where: { "\\:\0".contains($0) })
    else {
      throw invalid(
        "\(title) names the file '\(JSONValue.shortened(place))': external data must lie in the model's own folder, without '..' or an absolute path; export with external_data=False"
      )
    }
    let file = try open(place, title)
    func number(_ key: String) throws(ModelError) -> Int? {
      guard let text = entries[key] else { return nil }
      guard let value = Int(text), value >= 0, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw invalid("\(title): the \(key) of its external data is '\(JSONValue.shortened(text))', expected a number")
      }
      return value
    }
    let offset = try number("offset") ?? 0
    let length = try number("length") ?? max(0, file.count - offset)
    guard offset <= file.count, length <= file.count - offset else {
      throw invalid(
        "\(title): bytes \(offset) to \(offset.addingReportingOverflow(length).partialValue) lie outside the \(file.count) of '\(place)'; copy the files again, both of one export"
      )
    }
    guard length == expected else {
      throw invalid(
        "\(title) has \(length) bytes in '\(place)', expected \(expected); copy the files again, both of one export")
    }
    do throws(FormatError) {
      return try file.part(offset, length, title)
    } catch {
      throw invalid(error.description)
    }
  }

  private func open(_ place: String, _ title: String) throws(ModelError) -> ByteSlice {
    if let file = files[place] { return file }
    let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw invalid("its folder cannot be opened (\(String(cString: strerror(errno))))") }
    defer { close(directory) }
    var descriptor = radial_open_beneath(directory, place)
    // Kernels before 5.6, and sandboxes that do not know the call: without any link then.
    if descriptor < 0 && (errno == ENOSYS || errno == EPERM) { descriptor = openWithoutLinks(directory, parts: place) }
    guard descriptor >= 0 else {
      let code = errno
      if code == EXDEV || code == ELOOP {
        throw invalid("\(title): '\(place)' leads out of the model's folder; copy the file beside the model")
      }
      throw invalid(
        "\(title) lies in '\(place)', which cannot be opened (\(String(cString: strerror(code)))); copy it beside the model under this name, or export with external_data=False"
      )
    }
    defer { close(descriptor) }
    let file = try FileContents(
      descriptor: descriptor, path: folder + place, expected: "the data of an ONNX model", mayBeEmpty: true)
    total += file.count
    guard total <= Self.maximumBytes else { throw invalid("its external data is larger than 2 GiB") }
    files[place] = ByteSlice(file)
    return ByteSlice(file)
  }

  private func openWithoutLinks(_ directory: Int32, parts place: String) -> Int32 {
    let parts = place.split(separator: "/").map(String.init)
    var folder = dup(directory)
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      let next = openat(
        folder, part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY))
      let code = errno
      close(folder)
      errno = code
      guard next >= 0 else { return -1 }
      folder = next
    }
    return folder
  }
}
