import Bytes

/// Inflates gzip data of any number of members, or one raw deflate stream, fed piece by piece.
final class GzipInflater {
  /// What the bytes are.
  enum Form {
    case gzip
    /// RFC 1951 alone, as in zip archives.
    case deflate
  }

  /// How far it has come.
  enum Step {
    case made(Int)
    case needsInput, ended, corrupt
  }

  static let inputBytes = 64 << 10

  /// Where stored bytes go before `received` is called.
  let input: UnsafeMutableRawPointer
  /// Whether the stored bytes may end here.
  private(set) var isBetweenMembers = false

  private let stream: InflateStream
  private let form: Form
  /// What of `input` has not been inflated.
  private var rest: UnsafeRawBufferPointer
  private var hasEnded = false

  /// - Parameter pending: stored bytes that were read already.
  init(_ form: Form, pending: UnsafeRawBufferPointer) {
    guard let stream = InflateStream(form == .gzip ? .gzip : .none) else {
      preconditionFailure("out of memory: no room for zlib's window")
    }
    self.form = form
    self.stream = stream
    input = .allocate(byteCount: max(Self.inputBytes, pending.count), alignment: 64)
    input.copyMemory(from: pending.baseAddress ?? UnsafeRawPointer(input), byteCount: pending.count)
    rest = UnsafeRawBufferPointer(start: input, count: pending.count)
  }

  deinit { input.deallocate() }

  /// So many bytes lie in `input`; 0: there are no more.
  func received(_ count: Int) {
    if count == 0 { hasEnded = true } else { rest = UnsafeRawBufferPointer(start: input, count: count) }
  }

  /// Unpacks at most `count` bytes.
  func inflate(into target: UnsafeMutableRawPointer, atMost count: Int) -> Step {
    while true {
      if hasEnded { return .ended }
      guard !rest.isEmpty else { return .needsInput }
      if isBetweenMembers {
        guard stream.beginAgain() else { return .corrupt }
        isBetweenMembers = false
      }
      let (made, state) = stream.inflate(&rest, into: UnsafeMutableRawBufferPointer(start: target, count: count))
      switch state {
      case .unfinished: break
      case .ended:
        isBetweenMembers = true
        hasEnded = form == .deflate
      case .corrupt: return .corrupt
      }
      if made > 0 { return .made(made) }
    }
  }
}
