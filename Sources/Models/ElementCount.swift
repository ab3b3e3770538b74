extension [Int] {
  /// How many elements an array of these sizes has; nil: a size is negative, or the product of those that are not 0 is beyond `limit`.
  ///
  /// The others count beside a 0 too: strides, and sums over the empty axis, are as large as they say.
  func elementCount(atMost limit: Int) -> Int? {
    var product = 1
    for size in self {
      let (next, isBeyond) = product.multipliedReportingOverflow(by: Swift.max(size, 1))
      guard size >= 0, !isBeyond, next <= limit else { return nil }
      product = next
    }
    return contains(0) ? 0 : product
  }
}
