import FileFormats
import Foundation
import RadialEngine
import TestSupport
import Testing

@testable import Models

/// Graphs that are almost what they were: whatever is still accepted computes what its graph computes, and nothing ends the process.
@Suite struct ONNXMutationTests {
  private static let isWhole = ProcessInfo.processInfo.environment["TEST_ALL"] != nil
  static let structural = isWhole ? 5_000 : 300
  static let bytes = isWhole ? 20_000 : 1_200

  private static func content(_ name: String) throws -> (path: String, data: Data) {
    let url = ONNXGoldenTests.folder.appendingPathComponent("\(name)/model.onnx")
    return (url.path, try Data(contentsOf: url))
  }

  /// The loader's own check is left out: it is the translation that is judged, on rows that the loader does not see.
  @Test func `an accepted graph computes what it says`() throws {
    var random = SplitMix(state: ProcessInfo.processInfo.environment["TEST_SEED"].flatMap(UInt64.init) ?? 0x0ddba11)
    var (accepted, refused, unjudged) = (0, 0, 0)
    for number in 0..<Self.structural {
      let name = ONNXGoldenTests.cases[Int(random.next() % UInt64(ONNXGoldenTests.cases.count))]
      let (path, data) = try Self.content(name)
      var model = try ONNXReader(path: path).model(ByteSlice([UInt8](data)))
      var changes: [String] = []
      for _ in 0...Int(random.next() % 2) { changes.append(Self.change(&model, &random)) }
      do throws(ModelError) {
        let translator = ONNXTranslator(model, path: path)
        let roles = try translator.translate()
        let source = Translated(path: path, translator: translator, file: try FileContents(path: path))
        let network = try Model(source, name: "model", version: 1, instructionSet: .best)
        let check = ONNXCheck(network, translator, ONNXInterpreter(model, order: translator.order), roles)
        if try check.answers(seed: UInt64(number) &* 7919 &+ 1) == nil { unjudged += 1 } else { accepted += 1 }
      } catch {
        #expect(!error.description.contains("was not understood"), "\(name) \(changes): \(error)")
        refused += 1
      }
    }
    print(
      "of \(Self.structural) changed graphs \(accepted) were accepted, \(refused) refused, \(unjudged) not interpreted")
    #expect(accepted > Self.structural / 10 && refused > Self.structural / 10 && unjudged < Self.structural / 50)
  }

  private struct Translated: TensorSource {
    let path: String
    let translator: ONNXTranslator
    let file: FileContents
    var form: ModelForm { .onnx(producer: nil) }
    var metadata: [String: String] { [:] }
    var notes: [String] { [] }
    var tensors: [String: Tensor] { translator.tensors }
    func preprocessing() -> Preprocessing? { translator.preprocessing }
    func architecture() throws(ModelError) -> Architecture {
      try Architecture(
        inputShape: translator.inputSizes, inputLayout: translator.isChannelsFirst ? .channelsFirst : .channelsLast,
        inputName: translator.inputName, layers: translator.layers, knownAbove: translator.knownAbove, path: path)
    }
  }

  private static let alike = [
    ["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"],
    ["Relu", "Tanh", "Sigmoid", "Exp", "Neg", "Sqrt", "Abs", "Softplus", "Softsign", "Erf", "Reciprocal", "Log"],
    ["ReduceSum", "ReduceMean", "ReduceL2", "ReduceSumSquare", "ReduceMin", "ReduceMax"], ["MaxPool", "AveragePool"],
    ["Unsqueeze", "Squeeze"], ["Scaler", "Normalizer", "SVMRegressor"], ["Sign", "Tanh", "Abs", "ArgMin"],
  ]

  /// Changes one thing of a graph.
  private static func change(_ model: inout ONNXModel, _ random: inout SplitMix) -> String {
    func pick(_ count: Int) -> Int { Int(random.next() % UInt64(max(count, 1))) }
    let index = pick(model.graph.nodes.count)
    var node = model.graph.nodes[index]
    defer { if index < model.graph.nodes.count { model.graph.nodes[index] = node } }
    switch pick(8) {
    case 0:
      if let group = alike.first(where: { $0.contains(node.operation) }) {
        let other = group[pick(group.count)]
        defer { node.operation = other }
        return "\(node.title) becomes \(other)"
      }
      return "nothing"
    case 1 where node.inputs.count > 1:
      node.inputs.swapAt(0, 1)
      return "\(node.title) takes its inputs the other way round"
    case 2:
      let all = model.graph.nodes.flatMap(\.outputs) + Array(model.graph.initializers.keys).sorted()
      guard !node.inputs.isEmpty else { return "nothing" }
      node.inputs[pick(node.inputs.count)] = all[pick(all.count)]
      return "\(node.title) reads something else"
    case 3:
      guard let key = node.attributes.keys.sorted().dropFirst(pick(node.attributes.count)).first else {
        return "nothing"
      }
      switch node.attributes[key] {
      case .integer(let value)?: node.attributes[key] = .integer(value + [1, -1, 2, -value][pick(4)])
      case .integers(var values)? where !values.isEmpty:
        values[pick(values.count)] += [1, -1, 2, 1 << 40][pick(4)]
        node.attributes[key] = .integers(values)
      case .floats(var values)? where !values.isEmpty:
        if pick(3) == 0 {
          values.remove(at: pick(values.count))
        } else {
          values[pick(values.count)] *= [0, -1, 2, .infinity][pick(4)]
        }
        node.attributes[key] = .floats(values)
      case .text?: node.attributes[key] = .text(["RBF", "LINEAR", "POLY", "NONE", "LOGISTIC", "L2", "L1"][pick(7)])
      case .float(let value)?: node.attributes[key] = .float(value * [0, -1, 2, 0.5][pick(4)])
      default: node.attributes[key] = nil
      }
      return "\(node.title) has another \(key)"
    case 4:
      let names = model.graph.initializers.keys.sorted()
      guard !names.isEmpty, var tensor = model.graph.initializers[names[pick(names.count)]] else { return "nothing" }
      if let bytes = tensor.bytes, bytes.count >= 4 {
        var array = bytes.array
        let place = pick(array.count / 4) * 4
        let float = Float([0.0, -1, 1.5, 1e30, .infinity, -0.25][pick(6)])
        withUnsafeBytes(of: float.bitPattern.littleEndian) {
          for offset in 0..<4 { array[place + offset] = $0[offset] }
        }
        tensor.bytes = ByteSlice(array)
      }
      model.graph.initializers[tensor.name] = tensor
      return "tensor \(tensor.name) has another number"
    case 5:
      let names = model.graph.initializers.keys.sorted()
      guard !names.isEmpty, var tensor = model.graph.initializers[names[pick(names.count)]], tensor.shape.count == 2
      else { return "nothing" }
      tensor.shape.swapAt(0, 1)
      model.graph.initializers[tensor.name] = tensor
      return "tensor \(tensor.name) has its sizes the other way round"
    case 6:
      // Taken out: who read it reads what it read.
      guard let output = node.outputs.first, let input = node.inputs.first else { return "nothing" }
      for other in model.graph.nodes.indices {
        model.graph.nodes[other].inputs = model.graph.nodes[other].inputs.map { $0 == output ? input : $0 }
      }
      node.outputs = ["unread_\(output)"]
      for other in model.graph.outputs.indices where model.graph.outputs[other].name == output {
        model.graph.outputs[other].name = input
      }
      return "\(node.title) is taken out"
    default:
      guard let output = node.outputs.first, !node.inputs.isEmpty else { return "nothing" }
      var copy = node
      copy.outputs = ["twice_\(output)"]
      copy.inputs[0] = output
      for other in model.graph.nodes.indices {
        model.graph.nodes[other].inputs = model.graph.nodes[other].inputs.map { $0 == output ? "twice_\(output)" : $0 }
      }
      node = model.graph.nodes[index]
      model.graph.nodes.append(copy)
      return "\(node.title) comes twice"
    }
  }

  @Test func `damaged bytes are refused or read, and end nothing`() throws {
    var random = SplitMix(state: 0xbad_f11e)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("damaged-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let place = folder.appendingPathComponent("model.onnx")
    let names = ONNXGoldenTests.cases + ONNXGoldenTests.refused.map { "refused/\($0.name)" }
    var (accepted, refused) = (0, 0)
    for _ in 0..<Self.bytes {
      var bytes = [UInt8](try Self.content(names[Int(random.next() % UInt64(names.count))]).data)
      for _ in 0...Int(random.next() % 4) where !bytes.isEmpty {
        let offset = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 6 {
        case 0: bytes[offset] ^= 1 << UInt8(random.next() % 8)
        case 1: bytes[offset] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.removeSubrange(offset..<min(bytes.count, offset + Int(random.next() % 16) + 1))
        case 3: bytes.insert(contentsOf: bytes[offset..<min(bytes.count, offset + Int(random.next() % 64))], at: offset)
        case 4: bytes[offset] = [0, 0x7f, 0x80, 0xff][Int(random.next() % 4)]
        default: bytes = Array(bytes.prefix(offset))
        }
      }
      try Data(bytes).write(to: place)
      do throws(ModelError) {
        _ = try Model.load(path: place.path)
        accepted += 1
      } catch {
        #expect(error.description.utf8.count < 4096)
        refused += 1
      }
    }
    print("of \(Self.bytes) damaged files \(accepted) were served, \(refused) refused")
    #expect(accepted > 0 && refused > 0)
  }
}
