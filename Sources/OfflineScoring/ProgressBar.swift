import Bytes
import Glibc

/// A line on the terminal that says how far the work is: share, rows, rows a second, time left.
package struct ProgressBar {
  private let started: UInt64
  private var shown: UInt64 = 0
  private var isVisible = false

  /// Written no more often than this.
  private static let nanosecondsBetween: UInt64 = 100_000_000
  private static let cells = 24

  /// nil: nobody would see it, or it would stand among the predictions.
  /// - Parameter writesToFile: whether the predictions go to a file of their own.
  package static func onTerminal(writesToFile: Bool) -> ProgressBar? {
    isatty(STDERR_FILENO) == 1 && (writesToFile || isatty(STDOUT_FILENO) == 0) ? ProgressBar() : nil
  }

  private init() { started = monotonicNanoseconds() }

  /// - Parameter fraction: nil: nobody knows how much there is.
  mutating func update(rows: Int, fraction: Double?) {
    let now = monotonicNanoseconds()
    guard now - shown >= Self.nanosecondsBetween else { return }
    shown = now
    draw(Self.text(rows: rows, seconds: Double(now - started) * 1e-9, fraction: fraction))
  }

  /// Says at which of some steps the work is.
  package mutating func show(_ step: String, done: Int, of total: Int) {
    draw("\(Self.bar(Double(done) / Double(max(total, 1)))) \(done + 1) of \(total): \(step)")
  }

  private static func bar(_ fraction: Double) -> String {
    let full = Int(fraction * Double(cells))
    return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: cells - full) + "]"
  }

  /// The last word, which stays.
  mutating func finish(rows: Int) {
    draw(Self.text(rows: rows, seconds: Double(monotonicNanoseconds() - started) * 1e-9, fraction: nil) + "\n")
    isVisible = false
  }

  /// Takes the line away, for another one to be written.
  package mutating func clear() {
    if isVisible { Self.send("\r\u{1b}[K") }
    isVisible = false
  }

  private mutating func draw(_ text: String) {
    Self.send("\r" + text + "\u{1b}[K")
    isVisible = true
  }

  static func text(rows: Int, seconds: Double, fraction: Double?) -> String {
    let rate = seconds > 0 ? Int((Double(rows) / seconds).rounded()) : 0
    let counts = "\(grouped(rows)) rows, \(grouped(rate)) rows/s"
    guard let fraction else { return "\(counts), \(clock(seconds))" }
    let left = fraction > 0 ? seconds * (1 - fraction) / fraction : 0
    return "\(bar(fraction)) \(Int(fraction * 100)) %, \(counts), \(clock(left)) left"
  }

  private static func grouped(_ number: Int) -> String {
    var text = String(number)
    var place = text.count - 3
    while place > 0 {
      text.insert(",", at: text.index(text.startIndex, offsetBy: place))
      place -= 3
    }
    return text
  }

  /// h:mm:ss
  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
  }

  private static func send(_ text: String) {
    var text = text
    text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
