import Bytes
import FileFormats
import RadialEngine

/// Numbers of a graph that do not depend on its input, in Float64 or Int64: what is folded is rounded once, when a layer is made of it.
struct Constant {
  enum Numbers {
    case real([Double])
    case whole([Int])
    case flags([Bool])
  }

  let shape: [Int]
  let numbers: Numbers

  init(_ shape: [Int], _ numbers: Numbers) { (self.shape, self.numbers) = (shape, numbers) }
  init(_ shape: [Int], _ values: [Double]) { self.init(shape, .real(values)) }
  init(whole values: [Int]) { self.init([values.count], .whole(values)) }
  init(_ value: Double) { self.init([], .real([value])) }
  init(_ value: Int) { self.init([], .whole([value])) }

  var count: Int { shape.reduce(1, *) }
  var rank: Int { shape.count }

  /// As numbers with a point, whatever they are.
  var real: [Double] {
    switch numbers {
    case .real(let values): values
    case .whole(let values): values.map(Double.init)
    case .flags(let values): values.map { $0 ? 1 : 0 }
    }
  }

  /// As whole numbers; nil: they are not.
  var whole: [Int]? {
    switch numbers {
    case .whole(let values): values
    case .flags(let values): values.map { $0 ? 1 : 0 }
    case .real(let values):
      values.allSatisfy({ $0 == $0.rounded() && abs($0) < 0x1p53 }) ? values.map { Int($0) } : nil
    }
  }

  var isReal: Bool {
    if case .real = numbers { true } else { false }
  }

  var isFlags: Bool {
    if case .flags = numbers { true } else { false }
  }

  /// The one number that it is; nil: it is several, or none.
  var single: Double? { count == 1 ? real[0] : nil }
}

extension Constant {
  /// The numbers of a tensor in a file, whose lengths were checked when it was read.
  init(_ tensor: ONNXTensor) {
    let type = ONNXType(rawValue: tensor.type) ?? .float
    let count = tensor.count
    guard let bytes = tensor.bytes else {
      switch type {
      case .float: self.init(tensor.shape, tensor.floats.map(Double.init))
      case .double: self.init(tensor.shape, tensor.doubles)
      case .float16: self.init(tensor.shape, tensor.integers.map { Self.half(UInt16(truncatingIfNeeded: $0)) })
      case .bfloat16:
        self.init(
          tensor.shape, tensor.integers.map { Double(Float(bitPattern: UInt32(UInt16(truncatingIfNeeded: $0)) << 16)) })
      case .bool: self.init(tensor.shape, .flags(tensor.integers.map { $0 != 0 }))
      default: self.init(tensor.shape, .whole(tensor.integers.map(Int.init)))
      }
      return
    }
    func numbers<Integer: FixedWidthInteger>(_: Integer.Type) -> [Integer] {
      bytes.withBytes { bytes in
        (0..<count).map {
          Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Integer>.size, as: Integer.self))
        }
      }
    }
    switch type {
    case .float:
      self.init(
        tensor.shape,
        bytes.withBytes { bytes in
          [Double](large: count) { values in
            for i in 0..<count {
              values[i] = Double(
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))))
            }
          }
        })
    case .double: self.init(tensor.shape, numbers(UInt64.self).map { Double(bitPattern: $0) })
    case .float16: self.init(tensor.shape, numbers(UInt16.self).map(Self.half))
    case .bfloat16: self.init(tensor.shape, numbers(UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) })
    case .bool: self.init(tensor.shape, .flags(numbers(UInt8.self).map { $0 != 0 }))
    case .uint8: self.init(tensor.shape, .whole(numbers(UInt8.self).map(Int.init)))
    case .int8: self.init(tensor.shape, .whole(numbers(Int8.self).map(Int.init)))
    case .uint16: self.init(tensor.shape, .whole(numbers(UInt16.self).map(Int.init)))
    case .int16: self.init(tensor.shape, .whole(numbers(Int16.self).map(Int.init)))
    case .uint32: self.init(tensor.shape, .whole(numbers(UInt32.self).map(Int.init)))
    case .int32: self.init(tensor.shape, .whole(numbers(Int32.self).map(Int.init)))
    default: self.init(tensor.shape, .whole(numbers(Int64.self).map { Int($0) }))
    }
  }

  /// IEEE 754 binary16.
  private static func half(_ bits: UInt16) -> Double {
    let sign: Double = bits & 0x8000 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(bits >> 10 & 0x1f), Double(bits & 0x3ff))
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }
}

extension Array {
  /// Numbers that `fill` writes, all of them, in huge pages where they are many.
  init(large count: Int, fill: (UnsafeMutablePointer<Element>) -> Void) {
    self.init(unsafeUninitializedCapacity: count) { memory, initialized in
      PageMemory.advise(UnsafeMutableRawBufferPointer(memory))
      if let start = memory.baseAddress { fill(start) }
      initialized = count
    }
  }

  /// As `map`, of what may be a large matrix.
  func mappedLarge<Result>(_ transform: (Element) -> Result) -> [Result] {
    [Result](large: count) { result in
      for index in indices { (result + index).initialize(to: transform(self[index])) }
    }
  }
}

/// Places in arrays.
enum Strides {
  /// Row-major strides; along a size of 1 the stride is 0, which spreads it.
  static func spreading(_ shape: [Int], to rank: Int) -> [Int] {
    var strides = [Int](repeating: 0, count: rank)
    var step = 1
    for (index, size) in shape.enumerated().reversed() {
      strides[rank - shape.count + index] = size == 1 ? 0 : step
      step *= size
    }
    return strides
  }

  /// The shape of two that are spread to each other; nil: they do not fit.
  static func joined(_ one: [Int], _ other: [Int]) -> [Int]? {
    let rank = max(one.count, other.count)
    var shape: [Int] = []
    for index in 0..<rank {
      let (a, b) = (
        index < rank - one.count ? 1 : one[index - rank + one.count],
        index < rank - other.count ? 1 : other[index - rank + other.count]
      )
      guard a == b || a == 1 || b == 1 else { return nil }
      shape.append(a == 1 ? b : a)
    }
    return shape
  }

  /// Calls `body` with the places of two arrays for every place of a shape, in row-major order.
  static func walk(_ shape: [Int], _ one: [Int], _ other: [Int], _ body: (Int, Int) -> Void) {
    let count = shape.reduce(1, *)
    guard count > 0 else { return }
    guard let last = shape.indices.last else { return body(0, 0) }
    var index = [Int](repeating: 0, count: shape.count)
    var (a, b) = (0, 0)
    let inner = shape[last]
    for _ in 0..<count / inner {
      var (x, y) = (a, b)
      for _ in 0..<inner {
        body(x, y)
        x += one[last]
        y += other[last]
      }
      var axis = last - 1
      while axis >= 0 {
        index[axis] += 1
        a += one[axis]
        b += other[axis]
        if index[axis] < shape[axis] { break }
        a -= one[axis] * shape[axis]
        b -= other[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}

// What is folded.
extension Constant {
  /// More numbers than are folded at once: a small file can ask for any.
  static let maximumCount = 1 << 26

  /// The shape of two that are spread to each other; nil: they do not fit, or it is too large.
  static func joined(_ one: [Int], _ other: [Int]) -> [Int]? {
    guard let shape = Strides.joined(one, other), shape.elementCount(atMost: maximumCount) != nil else { return nil }
    return shape
  }

  /// Element by element, spread to each other; nil: they do not fit.
  func combined(_ other: Constant, _ operation: (Double, Double) -> Double) -> Constant? {
    guard let shape = Self.joined(shape, other.shape) else { return nil }
    let (a, b) = (real, other.real)
    var values: [Double] = []
    values.reserveCapacity(shape.reduce(1, *))
    Strides.walk(
      shape, Strides.spreading(self.shape, to: shape.count), Strides.spreading(other.shape, to: shape.count)
    ) { values.append(operation(a[$0], b[$1])) }
    return Constant(shape, values)
  }

  /// The same of whole numbers; nil: they do not fit, or `operation` has no result.
  func combinedWhole(_ other: Constant, _ operation: (Int, Int) -> Int?) -> Constant? {
    guard let shape = Self.joined(shape, other.shape), let a = whole, let b = other.whole else { return nil }
    var values: [Int] = []
    var isWhole = true
    Strides.walk(
      shape, Strides.spreading(self.shape, to: shape.count), Strides.spreading(other.shape, to: shape.count)
    ) { x, y in
      if let value = operation(a[x], b[y]) { values.append(value) } else { isWhole = false }
    }
    return isWhole ? Constant(shape, .whole(values)) : nil
  }

  func mapped(_ operation: (Double) -> Double) -> Constant { Constant(shape, real.mappedLarge(operation)) }

  /// The same numbers in another shape of as many.
  func reshaped(_ shape: [Int]) -> Constant { Constant(shape, numbers) }

  /// The values at places, in a new shape.
  func picked(_ shape: [Int], _ places: [Int]) -> Constant {
    switch numbers {
    case .real(let values): Constant(shape, .real(places.map { values[$0] }))
    case .whole(let values): Constant(shape, .whole(places.map { values[$0] }))
    case .flags(let values): Constant(shape, .flags(places.map { values[$0] }))
    }
  }

  /// With its axes in another order.
  func transposed(_ order: [Int]) -> Constant {
    let strides = Strides.spreading(shape, to: rank)
    let target = order.map { shape[$0] }
    if order == [1, 0], case .real(let values) = numbers {
      return Constant(target, .real(Self.transposed(values, rows: shape[0], columns: shape[1])))
    }
    var places: [Int] = []
    places.reserveCapacity(count)
    Strides.walk(target, order.map { strides[$0] }, [Int](repeating: 0, count: rank)) { place, _ in places.append(place)
    }
    return picked(target, places)
  }

  /// values [rows, columns] → [columns, rows], in squares that stay in the cache: weights are large.
  private static func transposed(_ values: [Double], rows: Int, columns: Int) -> [Double] {
    let side = 16
    return values.withUnsafeBufferPointer { values in
      [Double](large: values.count) { result in
        for top in stride(from: 0, to: rows, by: side) {
          for left in stride(from: 0, to: columns, by: side) {
            for row in top..<min(top + side, rows) {
              for column in left..<min(left + side, columns) {
                result[column * rows + row] = values[row * columns + column]
              }
            }
          }
        }
      }
    }
  }

  /// Constants one behind the other along an axis, of whole numbers where they all are.
  /// - Parameters:
  ///   - outer: the product of the sizes before the axis, which they have in common.
  ///   - shape: of the result.
  init(joining parts: [Constant], along axis: Int, outer: Int, _ shape: [Int]) {
    func joined<Number>(_ numbers: [[Number]]) -> [Number] {
      var result: [Number] = []
      for index in 0..<outer {
        for (part, values) in zip(parts, numbers) {
          let run = part.shape[axis...].reduce(1, *)
          result += values[index * run..<(index + 1) * run]
        }
      }
      return result
    }
    let whole = parts.contains(where: \.isReal) ? [] : parts.compactMap(\.whole)
    self.init(shape, whole.count == parts.count ? .whole(joined(whole)) : .real(joined(parts.map(\.real))))
  }

  /// Of two of the same shape one's number where this is not 0, and else the other's.
  func choosing(_ one: Constant, _ other: Constant, isWhole: Bool) -> Constant {
    let flags = real
    if isWhole, let a = one.whole, let b = other.whole {
      return Constant(shape, .whole(flags.indices.map { flags[$0] != 0 ? a[$0] : b[$0] }))
    }
    let (a, b) = (one.real, other.real)
    return Constant(shape, flags.indices.map { flags[$0] != 0 ? a[$0] : b[$0] })
  }

  /// Spread to a shape; nil: it does not fit.
  func spread(to shape: [Int]) -> Constant? {
    guard let joined = Self.joined(self.shape, shape) else { return nil }
    var places: [Int] = []
    Strides.walk(
      joined, Strides.spreading(self.shape, to: joined.count), [Int](repeating: 0, count: joined.count)
    ) { place, _ in places.append(place) }
    return picked(joined, places)
  }

  /// A sum over axes.
  func summed(_ axes: [Int], keepsAxes: Bool) -> Constant { reduced(axes, keepsAxes: keepsAxes, from: 0, +) }

  /// What becomes of the numbers along axes, two at a time, beginning with `first`.
  func reduced(
    _ axes: [Int], keepsAxes: Bool, from first: Double, _ operation: (Double, Double) -> Double
  ) -> Constant {
    let kept = shape.indices.filter { !axes.contains($0) }
    let target = kept.map { shape[$0] }
    var values = [Double](repeating: first, count: target.reduce(1, *))
    let targetStrides = Strides.spreading(target, to: target.count)
    var strides = [Int](repeating: 0, count: rank)
    for (place, axis) in kept.enumerated() { strides[axis] = targetStrides[place] }
    let own = real
    Strides.walk(shape, Strides.spreading(shape, to: rank), strides) { values[$1] = operation(values[$1], own[$0]) }
    return Constant(keepsAxes ? shape.indices.map { axes.contains($0) ? 1 : shape[$0] } : target, values)
  }

  /// The product of two matrices, of the second's transpose where `isTransposed`; nil: they do not fit.
  func times(_ other: Constant, isTransposed: Bool = false) -> Constant? {
    guard rank == 2, other.rank == 2 else { return nil }
    let (rows, inner) = (shape[0], shape[1])
    let (depth, columns) = isTransposed ? (other.shape[1], other.shape[0]) : (other.shape[0], other.shape[1])
    guard inner == depth, rows <= Self.maximumCount, columns <= Self.maximumCount,
      rows * columns <= Self.maximumCount
    else { return nil }
    let (a, b) = (real, other.real)
    var values = [Double](repeating: 0, count: rows * columns)
    values.withUnsafeMutableBufferPointer { values in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          guard let left = a.baseAddress, let right = b.baseAddress else { return }
          for i in 0..<rows {
            if isTransposed {
              for j in 0..<columns {
                let (x, y) = (left + i * inner, right + j * inner)
                // Four sums side by side: one would wait for each addition.
                var sums = SIMD4<Double>()
                let whole = inner / 4 * 4
                for k in stride(from: 0, to: whole, by: 4) {
                  let one = UnsafeRawPointer(x + k).loadUnaligned(as: SIMD4<Double>.self)
                  let other = UnsafeRawPointer(y + k).loadUnaligned(as: SIMD4<Double>.self)
                  sums += one * other
                }
                var sum = sums.sum()
                for k in whole..<inner { sum += x[k] * y[k] }
                values[i * columns + j] = sum
              }
            } else {
              for k in 0..<inner {
                let factor = a[i * inner + k]
                for j in 0..<columns { values[i * columns + j] += factor * b[k * columns + j] }
              }
            }
          }
        }
      }
    }
    return Constant([rows, columns], values)
  }
}
