import RadialEngine

/// Rows that a model's file publishes for whoever wants to try the model, as a client sends them. Whoever wrote the file chose to give
/// them away; nothing of the model depends on them.
public struct Samples: Sendable, Equatable {
  /// A page shows no more.
  public static let maximumRows = 100
  /// Of all rows together: 2 MiB, of which JSON makes less than 9 MiB.
  public static let maximumNumbers = 1 << 19

  /// [r, D], before the preprocessing.
  public let inputs: [Float]
  /// [r]: the class of each; nil: the file does not say.
  public let classes: [Int]?
  /// r
  public let rows: Int

  static let inputsTensor = "samples.inputs"
  static let labelsTensor = "samples.labels"

  /// Why rows cannot be samples: a sentence without the file's name.
  public struct Misfit: Error, CustomStringConvertible {
    public let description: String
  }

  /// Rows of `model` to publish.
  /// - Parameters:
  ///   - inputs: [r, D]
  ///   - classes: [r]; nil: nothing is known of them.
  public init(_ inputs: [Float], classes: [Int]? = nil, of model: Model) throws(Misfit) {
    let width = model.network.inputWidth
    rows = inputs.count / width
    guard (1...Self.maximumRows(width)).contains(rows) else {
      throw Misfit(description: "\(rows) rows of \(width) numbers, expected \(Self.range(width)); choose some of them")
    }
    if let classes, classes.count != rows {
      throw Misfit(description: "\(classes.count) labels of \(rows) rows, expected one a row")
    }
    (self.inputs, self.classes) = (inputs, classes)
  }

  /// nil: the file carries none.
  init?(_ source: any TensorSource, width: Int, classCount: Int) throws(ModelError) {
    guard let shape = source.shape(of: Self.inputsTensor) else { return nil }
    guard let rows = shape.first, (1...max(1, Self.maximumRows(width))).contains(rows), Self.maximumRows(width) > 0
    else {
      throw ModelError(
        .tensor, source.path,
        "tensor '\(Self.inputsTensor)' has shape \(shape), expected \(Self.range(width)) of \(width) numbers; convert the model with fewer samples"
      )
    }
    self.rows = rows
    inputs = try source.floats(Self.inputsTensor, shape: [rows, width], reason: "\(rows) rows of \(width) inputs")
    guard source.shape(of: Self.labelsTensor) != nil else {
      classes = nil
      return
    }
    let labels = try source.integers(Self.labelsTensor, shape: [rows], reason: "the class of each of \(rows) rows")
    guard classCount > 0 else {
      throw ModelError(
        .tensor, source.path,
        "tensor '\(Self.labelsTensor)' names classes, and the network answers none; remove the tensor")
    }
    if let row = labels.firstIndex(where: { !(0..<Int64(classCount)).contains($0) }) {
      throw ModelError(
        .tensor, source.path,
        "tensor '\(Self.labelsTensor)' has class \(labels[row]) at row \(row), expected 0 to \(classCount - 1); convert the model again"
      )
    }
    classes = labels.map(Int.init)
  }

  /// How many rows of a width there may be; 0: one alone has too many numbers.
  public static func maximumRows(_ width: Int) -> Int { min(maximumRows, maximumNumbers / width) }

  private static func range(_ width: Int) -> String {
    let most = maximumRows(width)
    return most == 0 ? "no samples, which have \(maximumNumbers) numbers at most," : "1 to \(most) rows"
  }

  /// By their names.
  var tensors: [String: Tensor] {
    var tensors = [Self.inputsTensor: Tensor(inputs, shape: [rows, inputs.count / rows])]
    if let classes { tensors[Self.labelsTensor] = Tensor(classes.map(Int64.init), shape: [rows]) }
    return tensors
  }
}
