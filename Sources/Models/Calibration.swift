public import RadialEngine

/// Split-conformal calibration: the held-out distances of each class, among which a new distance is ranked.
///
/// A held-out row belongs to the class that was answered for it, so no labels are needed, and a new row's category is known when its answer
/// is given: if held-out and new rows are exchangeable, P(rejected | answered k) ≤ the rate, on average over calibration sets. Source: Vovk,
/// Gammerman and Shafer, Algorithmic Learning in a Random World (2005), section 4.5, Mondrian conformal predictors.
public struct Calibration: Sendable {
  /// By what held-out rows were put into classes.
  public enum Categories: String, Sendable, CaseIterable {
    /// The class that was answered; their distances are γ d², which are comparable between classes.
    case predicted
    /// Their true class, in files of before; their distances are d².
    case own
  }

  /// What is known of one class.
  public struct ClassLimits: Sendable, Equatable {
    /// Held-out rows of the class itself.
    public let rows: Int
    /// Whether the class has too few, and is ranked among those of all such classes together.
    public let isPooled: Bool
    /// Whether it was added from a few examples, and is ranked among those of all classes: nothing is guaranteed of it.
    public let isBorrowed: Bool
    /// Held-out rows among which it is ranked.
    public let categoryRows: Int
  }

  /// The word for the method in the file: split_conformal.
  public let method: String
  /// The rate that the model was calibrated for, or that was given in its place: known ⇔ p ≥ it.
  public let falseRejectRate: Double
  /// Held-out rows of all classes.
  public let rows: Int
  /// By what they were put into classes.
  public let categories: Categories
  /// Classes with fewer held-out rows are one category; 0: each class is one of its own.
  public let minimumRows: Int
  /// By which rows of the set are known again.
  public let sketch: RowSketch
  /// Whether what is ranked is the negated output of a one-class model, and not a squared distance.
  public let isOfOutput: Bool
  /// Classes of a few examples, of which no rows were held out: they are ranked among the rows of all classes.
  public let borrowed: Set<Int>
  /// What distances are multiplied by, [C]; nil: nothing.
  private let scale: [Float]?
  /// Ascending, one class after another.
  private let distances: [Float]
  /// [C + 1]: where each class's distances start.
  private let offsets: [Int]
  /// Of the classes that are pooled, ascending.
  private let pooled: [Float]
  /// Of all classes, ascending; empty where none borrows.
  private let all: [Float]

  static let key = "radial.calibration"
  static let members = ["method", "categories", "false_reject_rate", "rows", "min_rows", "borrowed"]
  /// Fewer rows than these reject nothing at a rate of 1 %.
  public static let defaultMinimumRows = 100

  /// Of rows that were held out.
  /// - Parameters:
  ///   - distances: of each class, the squared distances of the rows that it was answered for.
  ///   - network: what computed them.
  ///   - rate: in (0, 1).
  ///   - minimumRows: classes with fewer form one category.
  ///   - isOfOutput: whether the distances are negated outputs of a one-class model.
  public init(
    distances byClass: [[Float]], of network: Network, rate: Double, minimumRows: Int, sketch: RowSketch = RowSketch(),
    isOfOutput: Bool = false
  ) {
    method = "split_conformal"
    categories = .predicted
    (falseRejectRate, self.minimumRows, self.sketch) = (rate, minimumRows, sketch)
    self.isOfOutput = isOfOutput
    let scale = isOfOutput ? nil : network.decisionScale
    self.scale = scale
    let sorted = byClass.enumerated().map { index, values in values.map { Self.scaled($0, scale, index) }.sorted() }
    distances = sorted.flatMap { $0 }
    rows = distances.count
    var offsets = [0]
    for values in sorted { offsets.append(offsets[offsets.count - 1] + values.count) }
    self.offsets = offsets
    pooled = Self.pool(distances, offsets, minimumRows)
    (borrowed, all) = ([], [])
  }

  /// The same with one class more, behind the others, that borrows their rows.
  /// - Parameter network: with the class.
  init(_ other: Calibration, addingClassTo network: Network) {
    (method, falseRejectRate, rows) = (other.method, other.falseRejectRate, other.rows)
    (categories, minimumRows, sketch) = (other.categories, other.minimumRows, other.sketch)
    scale = other.categories == .predicted ? network.decisionScale : nil
    (distances, offsets, pooled) = (other.distances, other.offsets + [other.rows], other.pooled)
    (borrowed, isOfOutput) = (other.borrowed.union([other.classCount]), other.isOfOutput)
    all = other.distances.sorted()
  }

  /// nil: the file carries none.
  /// - Parameters:
  ///   - decision: the model's; of a one-class model outputs are ranked.
  ///   - options: their rate, if any, is decided at instead of the file's.
  init?(
    _ file: any TensorSource, _ network: Network, _ decision: Decision?, _ options: LoadOptions = LoadOptions()
  ) throws(ModelError) {
    guard let text = file.metadata[Self.key] else {
      if let rate = options.falseRejectRate {
        throw ModelError(
          .metadata, options.falseRejectRatePath ?? file.path,
          "a false-reject rate of \(rate) was given, but the model's file carries no calibration that could keep it; leave the rate out, or calibrate the model"
        )
      }
      return nil
    }
    func invalid(_ sentence: String) -> ModelError {
      ModelError(.metadata, file.path, "calibration: \(sentence); export the model again")
    }
    let members = try Members(key: Self.key, text: text, known: Self.members, path: file.path, .metadata)
    method = try members.text("method", maximumBytes: Architecture.maximumTextBytes)
    guard method == "split_conformal" else {
      throw invalid("unknown method '\(JSONValue.shortened(method))', expected split_conformal")
    }
    categories = try members.choice("categories", absent: .own)
    let rate = try members.number("false_reject_rate", expected: "a number between 0 and 1") { $0 > 0 && $0 < 1 }
    falseRejectRate = options.falseRejectRate ?? rate
    rows = try members.count("rows", in: 0...Int(Int32.max))
    minimumRows = try members.count("min_rows", in: 0...Int(Int32.max), absent: 0)
    guard categories == .predicted || minimumRows == 0 else {
      throw invalid("'min_rows' is for categories of predicted classes")
    }
    let isOfOutput = if case .oneClass? = decision { true } else { false }
    self.isOfOutput = isOfOutput
    guard categories == .predicted || !isOfOutput else {
      throw invalid("'categories' is own, and of a one-class model rows are those of the class that it answers")
    }
    scale = categories == .predicted && !isOfOutput ? network.decisionScale : nil
    let classes = isOfOutput ? 1 : network.distanceWidth
    distances = try file.floats("calibration.distances", shape: [rows], reason: "\(rows) rows of the calibration")
    let starts = try file.integers(
      "calibration.offsets", shape: [classes + 1], reason: "\(classes) classes and an end")
    guard starts.first == 0, starts.last == Int64(rows), zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw invalid("calibration.offsets do not ascend from 0 to \(rows)")
    }
    offsets = starts.map(Int.init)
    for index in 0..<classes {
      let own = distances[offsets[index]..<offsets[index + 1]]
      guard own.allSatisfy({ isOfOutput ? $0.isFinite : $0 >= 0 }), zip(own, own.dropFirst()).allSatisfy({ $0 <= $1 })
      else {
        throw invalid("the distances of class \(index) do not ascend\(isOfOutput ? "" : " from 0")")
      }
    }
    pooled = Self.pool(distances, offsets, minimumRows)
    sketch = try RowSketch(file, tensor: Self.sketchTensor) ?? RowSketch()
    let expected = "indices of classes that have no rows of their own"
    let list = members.value("borrowed").map { $0.array?.map { $0.integer ?? -1 } ?? [-1] } ?? []
    let (count, starting) = (classes, offsets)
    guard list.count <= count,
      list.allSatisfy({ (0..<count).contains($0) && starting[$0] == starting[$0 + 1] })
    else { throw members.wrong("borrowed", expected: expected) }
    borrowed = Set(list)
    all = list.isEmpty ? [] : distances.sorted()
  }

  static let sketchTensor = "calibration.sketch"

  /// Those of the classes with fewer than `minimum`, ascending.
  private static func pool(_ distances: [Float], _ offsets: [Int], _ minimum: Int) -> [Float] {
    zip(offsets, offsets.dropFirst()).filter { $1 - $0 < minimum }.flatMap { distances[$0..<$1] }.sorted()
  }

  private static func scaled(_ distance: Float, _ scale: [Float]?, _ index: Int) -> Float {
    scale.map { Float(Double($0[index]) * Double(distance)) } ?? distance
  }

  /// How many classes there are.
  public var classCount: Int { offsets.count - 1 }

  /// What is known of a class.
  public func limits(of index: Int) -> ClassLimits {
    let rows = offsets[index + 1] - offsets[index]
    let isBorrowed = borrowed.contains(index)
    return ClassLimits(
      rows: rows, isPooled: !isBorrowed && rows < minimumRows, isBorrowed: isBorrowed,
      categoryRows: category(of: index).count)
  }

  /// Among what a class is ranked, ascending.
  private func category(of index: Int) -> ArraySlice<Float> {
    if !borrowed.isEmpty, borrowed.contains(index) { return all[...] }
    let own = distances[offsets[index]..<offsets[index + 1]]
    return own.count < minimumRows ? pooled[...] : own
  }

  /// p = (1 + number of the category's calibration distances ≥ `distance`) / (n + 1).
  /// - Parameter distance: squared; of a one-class model the negated output.
  public func pValue(class index: Int, distance: Float) -> Double {
    let category = category(of: index)
    let distance = Self.scaled(distance, scale, index)
    var low = category.startIndex
    var high = category.endIndex
    while low < high {
      let middle = low + (high - low) / 2
      if !(category[middle] >= distance) { low = middle + 1 } else { high = middle }
    }
    return Double(1 + category.endIndex - low) / Double(category.count + 1)
  }

  /// The squared distance beyond which a row of a class is unknown at a rate, of a one-class model the output below which it is; nil: none
  /// is.
  public func limit(of index: Int, at rate: Double) -> Float? {
    let category = category(of: index)
    // How many calibration distances a known row's must not lie beyond.
    var needed = 0
    if category.count > 0 {
      needed = max(0, Int((rate * Double(category.count + 1)).rounded(.up)) - 2)
      while Double(1 + needed) / Double(category.count + 1) < rate { needed += 1 }
    }
    guard needed > 0, needed <= category.count else { return nil }
    let limit = category[category.endIndex - needed]
    if isOfOutput { return 0 - limit }
    guard let scale else { return limit }
    // The largest squared distance that is still known, whichever way the quotient was rounded.
    var distance = Float(Double(limit) / Double(scale[index]))
    for _ in 0..<4 where distance > 0 && Self.scaled(distance, scale, index) > limit { distance = distance.nextDown }
    for _ in 0..<4 where Self.scaled(distance.nextUp, scale, index) <= limit { distance = distance.nextUp }
    return distance
  }

  /// As a file has it, beside its tensors.
  var encoded: String {
    var members: [String: JSONValue] = [
      "method": .string(method), "false_reject_rate": .number(falseRejectRate), "rows": .integer(rows),
    ]
    if categories == .predicted {
      members["categories"] = .string(categories.rawValue)
      members["min_rows"] = .integer(minimumRows)
    }
    if !borrowed.isEmpty { members["borrowed"] = .integers(borrowed.sorted()) }
    return JSONValue.object(members).text(isPretty: false)
  }

  /// By their names.
  var tensors: [String: Tensor] {
    var tensors = [
      "calibration.distances": Tensor(distances, shape: [rows]),
      "calibration.offsets": Tensor(offsets.map(Int64.init), shape: [offsets.count]),
    ]
    tensors[Self.sketchTensor] = sketch.tensor
    return tensors
  }
}
