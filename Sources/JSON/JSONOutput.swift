internal import JSONCore

/// Values → JSON text, in memory that is lent. Each function returns how many bytes it has written.
public enum JSONOutput {
  /// The most bytes of an integer: that of Int64.min.
  public static let maxInteger = 20
  /// The shortest decimal that reads back as the same Float32; NaN, Infinity or -Infinity for those.
  public static let maxFloat = 16
  /// The same, marked as a real number: 1.0, not 1.
  public static let maxReal = 18

  /// Of an array of `count` floats.
  public static func maxFloats(_ count: Int) -> Int { (maxFloat + 1) * count + 2 }
  /// Of an array of `count` reals.
  public static func maxReals(_ count: Int) -> Int { (maxReal + 1) * count + 2 }
  /// Of a string of `count` bytes.
  public static func maxString(_ count: Int) -> Int { 6 * count + 2 }

  /// A whole number in decimal.
  public static func write(integer: Int, to out: UnsafeMutableRawPointer) -> Int {
    json_write_integer(text(out), Int64(integer))
  }

  /// The shortest decimal that reads back as the same Float32.
  public static func write(float: Float, to out: UnsafeMutableRawPointer) -> Int { json_write_float(text(out), float) }

  /// An array of `count` floats.
  public static func write(floats: UnsafePointer<Float>, count: Int, to out: UnsafeMutableRawPointer) -> Int {
    json_write_floats(text(out), floats, count)
  }

  /// A number that is marked as a real one: 1.0, not 1.
  public static func write(real: Float, to out: UnsafeMutableRawPointer) -> Int { json_write_real(text(out), real) }

  /// An array of `count` reals.
  public static func write(reals: UnsafePointer<Float>, count: Int, to out: UnsafeMutableRawPointer) -> Int {
    json_write_reals(text(out), reals, count)
  }

  /// A string, quoted and escaped.
  /// - Parameter utf8: what it stands for.
  public static func write(string utf8: UnsafeRawBufferPointer, to out: UnsafeMutableRawPointer) -> Int {
    json_write_string(text(out), utf8.baseAddress?.assumingMemoryBound(to: CChar.self), utf8.count)
  }

  private static func text(_ out: UnsafeMutableRawPointer) -> UnsafeMutablePointer<CChar> {
    out.assumingMemoryBound(to: CChar.self)
  }

  /// What a JSON string stands for.
  /// - Parameter string: quotes included, as it stood in a text that was read.
  public static func unescaped(_ string: some Collection<UInt8>) -> [UInt8] {
    let string = Array(string)
    return [UInt8](unsafeUninitializedCapacity: string.count) { out, count in
      guard let start = out.baseAddress else { return }
      count = string.withUnsafeBytes {
        json_unescape(text(start), $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
      }
    }
  }
}
