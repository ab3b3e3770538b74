import Bytes
import Glibc

/// The Prometheus text format, version 0.0.4: families of samples, each with HELP and TYPE.
struct MetricsText {
  private(set) var text = ""

  typealias Labels = [(name: String, value: String)]

  /// Begins a family: all of its samples follow.
  mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  /// A sample of the family.
  mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
    text += name + Self.rendered(labels) + " " + Self.rendered(value) + "\n"
  }

  /// A sample of the family.
  mutating func sample(_ name: String, _ labels: Labels, _ value: UInt64) {
    text += "\(name)\(Self.rendered(labels)) \(value)\n"
  }

  /// The samples of a histogram: buckets, sum and count.
  mutating func histogram(_ name: String, _ labels: Labels, _ histogram: Histogram) {
    var cumulative: UInt64 = 0
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      cumulative += count
      sample(name + "_bucket", labels + [("le", Self.rendered(bound))], cumulative)
    }
    cumulative += histogram.counts.last ?? 0
    sample(name + "_bucket", labels + [("le", "+Inf")], cumulative)
    sample(name + "_sum", labels, histogram.sum)
    sample(name + "_count", labels, cumulative)
  }

  private static func rendered(_ value: Double) -> String {
    // Whole numbers without a point: Prometheus reads both, people read these.
    value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : "\(value)"
  }

  private static func rendered(_ labels: Labels) -> String {
    if labels.isEmpty { return "" }
    let pairs = labels.map { name, value in
      let escaped = value.reduce(into: "") { result, character in
        switch character {
        case "\\": result += "\\\\"
        case "\"": result += "\\\""
        case "\n": result += "\\n"
        default: result.append(character)
        }
      }
      return "\(name)=\"\(escaped)\""
    }
    return "{" + pairs.joined(separator: ",") + "}"
  }
}

/// The standard `process_*` metrics, read from /proc (proc(5)).
struct ProcessFigures {
  var cpuSeconds = 0.0
  var residentBytes: UInt64 = 0
  var virtualBytes: UInt64 = 0
  var openDescriptors: UInt64 = 0
  var startTimeSeconds = 0.0

  /// What the kernel says of this process now.
  init() {
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    // Field 2 of stat, the name in parentheses, may hold anything: fields are counted behind its closing one.
    if let stat = Self.contents("/proc/self/stat"), let name = stat.lastIndex(of: ")") {
      let fields = stat[stat.index(after: name)...].split(separator: " ")
      func field(_ number: Int) -> Double { fields.count > number - 3 ? Double(fields[number - 3]) ?? 0 : 0 }
      cpuSeconds = (field(14) + field(15)) / ticks
      virtualBytes = UInt64(field(23))
      residentBytes = UInt64(field(24)) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
      if let boot = Self.contents("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }) {
        startTimeSeconds = (Double(boot.dropFirst(6)) ?? 0) + field(22) / ticks
      }
    }
    if let directory = opendir("/proc/self/fd") {
      defer { closedir(directory) }
      while readdir(directory) != nil { openDescriptors += 1 }
      // ".", ".." and the descriptor of the directory itself.
      openDescriptors -= min(openDescriptors, 3)
    }
  }

  private static func contents(_ path: String) -> String? {
    guard let bytes = try? SmallFile.contents(of: path, limit: 1 << 20) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
