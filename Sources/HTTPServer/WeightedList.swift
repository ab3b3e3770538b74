/// The items of a header such as `Accept` or `Accept-Encoding`, in order, in lower case, each with its weight: 1 without one, 0 where it is
/// no number (RFC 9110 12.4.2). Other parameters are passed over.
public func weightedItems(_ header: String) -> [(name: String, weight: Double)] {
  header.split(separator: ",").compactMap { item in
    let parts = item.split(separator: ";").map { String($0.filter { $0 != " " && $0 != "\t" }).lowercased() }
    guard let name = parts.first else { return nil }
    return (name, parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1)
  }
}
