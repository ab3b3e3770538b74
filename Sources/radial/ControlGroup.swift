import Bytes

/// What the control group of this process grants (cgroups(7)); version 2, or version 1 as containers mount it.
enum ControlGroup {
  /// Cores' worth of CPU time; nil: no limit.
  static var cores: Double? {
    if let cores = smallest(of: "cpu.max", { quota($0) }) { return cores }
    guard let quota = lines(of: "/sys/fs/cgroup/cpu/cpu.cfs_quota_us").first.flatMap(Double.init), quota > 0,
      let period = lines(of: "/sys/fs/cgroup/cpu/cpu.cfs_period_us").first.flatMap(Double.init), period > 0
    else { return nil }
    return quota / period
  }

  /// Bytes of memory; nil: no limit.
  static var memoryBytes: Double? {
    if let bytes = smallest(of: "memory.max", { Double($0) }) { return bytes }
    guard let bytes = lines(of: "/sys/fs/cgroup/memory/memory.limit_in_bytes").first.flatMap(Double.init) else {
      return nil
    }
    // "No limit" is a number near 2^63 there.
    return bytes < 0x1p60 ? bytes : nil
  }

  /// "QUOTA PERIOD", or "max PERIOD".
  private static func quota(_ line: String) -> Double? {
    let parts = line.split(separator: " ").compactMap { Double($0) }
    return parts.count == 2 && parts[1] > 0 ? parts[0] / parts[1] : nil
  }

  /// The smallest value of a file of version 2: of the process's own group and of each parent.
  private static func smallest(of file: String, _ value: (String) -> Double?) -> Double? {
    guard let line = lines(of: "/proc/self/cgroup").first(where: { $0.hasPrefix("0::") }) else { return nil }
    var path = String(line.dropFirst(3))
    var smallest: Double?
    while true {
      if let limit = lines(of: "/sys/fs/cgroup\(path)/\(file)").first.flatMap(value) {
        smallest = min(smallest ?? limit, limit)
      }
      guard let slash = path.lastIndex(of: "/") else { return smallest }
      path = String(path[..<slash])
    }
  }
}

/// The lines of a small file of the kernel's; none of one that cannot be read.
func lines(of path: String) -> [String] {
  let bytes = (try? SmallFile.contents(of: path, limit: 1 << 16)) ?? []
  return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}
