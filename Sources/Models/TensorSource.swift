import Bytes
import FileFormats
import RadialEngine

/// What a model is read from: its architecture, named tensors, and metadata under the keys of a safetensors header. A Keras file stands
/// behind the same door, its configuration translated.
protocol TensorSource {
  var path: String { get }
  var form: ModelForm { get }
  var file: FileContents { get }
  /// Of a file of Radial's own form; empty: it has none.
  var metadata: [String: String] { get }
  /// What is done to a row before the first layer; nil: nothing.
  func preprocessing() throws(ModelError) -> Preprocessing?
  /// The network.
  func architecture() throws(ModelError) -> Architecture
  var tensors: [String: Tensor] { get }
  /// What is to be known of the answers, a sentence each.
  var notes: [String] { get }
}

/// The forms of a model file.
public enum ModelForm: Sendable, Equatable {
  case safetensors
  /// A zip of `config.json` and `model.weights.h5`.
  case keras(version: String?)
  /// HDF5 with the attribute `model_config`.
  case legacyHDF5(version: String?)
  /// HDF5 with Keras' weights alone; the network comes from `--config`.
  case kerasWeights(version: String?)
  /// A graph of ONNX.
  case onnx(producer: String?)
}

extension ModelForm: CustomStringConvertible {
  /// As the layer table names it.
  public var description: String {
    switch self {
    case .safetensors: "safetensors"
    case .keras(let version): "keras (Keras \(version ?? "of unknown version"))"
    case .legacyHDF5(let version): "legacy h5 (Keras \(version ?? "of unknown version"))"
    case .onnx(let producer): "ONNX (\(producer ?? "of unknown producer"))"
    case .kerasWeights(let version): "weights and configuration (Keras \(version ?? "of unknown version"))"
    }
  }
}

/// Numbers as they lie in a file.
struct Tensor {
  let type: ElementType
  let shape: [Int]
  /// `type.bytes` × the product of `shape`, little-endian.
  let bytes: ByteSlice
}

/// The dtypes of safetensors.
enum ElementType: String, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case i64 = "I64"
  // Of tensors that are no part of the network, which anybody may add.
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case bool = "BOOL"
  case f8e4m3 = "F8_E4M3"
  case f8e5m2 = "F8_E5M2"
  case c64 = "C64"

  /// For errors.
  static let list = allCases.map(\.rawValue).joined(separator: ", ")

  var bytes: Int {
    switch self {
    case .f64, .i64, .u64, .c64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool, .f8e4m3, .f8e5m2: 1
    }
  }

  /// The type of its numbers, where weights come in it.
  var weight: NumberType? {
    switch self {
    case .f64: .float64
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    default: nil
    }
  }
}

/// Runs `body`, whose complaints about a format become the model's.
func reading<Result>(
  _ path: String, _ body: () throws(FormatError) -> Result
) throws(ModelError) -> Result {
  do throws(FormatError) {
    return try body()
  } catch {
    throw ModelError(.file, path, error.description)
  }
}

extension TensorSource {
  /// nil: there is no such tensor.
  func shape(of name: String) -> [Int]? { tensors[name]?.shape }

  /// A tensor as floats; F16, BF16 and F64 are converted. Its shape must be `shape`, its values finite.
  /// - Parameter reason: why that shape, for the error, such as "84 outputs of layer 'dense_1'".
  func floats(_ name: String, shape: [Int], reason: String) throws(ModelError) -> [Float] {
    let tensor = try tensor(name, shape: shape, reason: reason)
    guard tensor.type.weight != nil else {
      throw ModelError(
        .tensor, path,
        "tensor '\(name)' is \(tensor.type.rawValue), expected F64, F32, F16 or BF16; export the model again")
    }
    let values = tensor.floats
    if let index = values.firstNonFinite {
      throw ModelError(
        .tensor, path,
        "tensor '\(name)' holds \(values[index]) at element \(index), expected finite numbers; train or export the model again"
      )
    }
    return values
  }

  /// A tensor of I64.
  func integers(_ name: String, shape: [Int], reason: String) throws(ModelError) -> [Int64] {
    let tensor = try tensor(name, shape: shape, reason: reason)
    guard tensor.type == .i64 else {
      throw ModelError(
        .tensor, path, "tensor '\(name)' is \(tensor.type.rawValue), expected I64; export the model again")
    }
    return tensor.bytes.withBytes { bytes in
      (0..<bytes.count / 8).map { Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)) }
    }
  }

  private func tensor(_ name: String, shape: [Int], reason: String) throws(ModelError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw ModelError(
        .tensor, path, "tensor '\(name)' is missing, expected shape \(shape) (\(reason)); export the model again")
    }
    guard tensor.shape == shape else {
      throw ModelError(
        .tensor, path,
        "tensor '\(name)' has shape \(tensor.shape), expected \(shape) (\(reason)); export the model again")
    }
    return tensor
  }
}

extension Tensor {
  /// Floats of a shape, kept in memory.
  init(_ floats: [Float], shape: [Int]) {
    self.init(
      type: .f32, shape: shape,
      bytes: ByteSlice(
        [UInt8](unsafeUninitializedCapacity: 4 * floats.count) { target, count in
          for (index, float) in floats.enumerated() {
            UnsafeMutableRawBufferPointer(target).storeBytes(
              of: float.bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
          }
          count = 4 * floats.count
        }))
  }

  /// Whole numbers of a shape, kept in memory.
  init(_ integers: [Int64], shape: [Int]) {
    self.init(
      type: .i64, shape: shape,
      bytes: ByteSlice(integers.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }))
  }

  /// The same numbers in another shape of as many.
  func reshaped(_ shape: [Int]) -> Tensor { Tensor(type: type, shape: shape, bytes: bytes) }

  /// The elements as Float32; F64 is rounded, types of no weights give zeros.
  var floats: [Float] {
    bytes.withBytes { data in
      let count = data.count / type.bytes
      return [Float](unsafeUninitializedCapacity: count) { target, initialized in
        initialized = count
        PageMemory.advise(UnsafeMutableRawBufferPointer(target))
        guard let start = data.baseAddress, let memory = target.baseAddress else { return }
        guard let number = type.weight else { return memory.update(repeating: 0, count: count) }
        number.convert(start, to: memory, count: count)
      }
    }
  }
}
