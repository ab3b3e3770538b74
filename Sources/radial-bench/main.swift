import Glibc
import RadialEngine

// Verify, then time: the engine alone on the shape of the default model, beside a naive loop, OpenBLAS (if there is one) and the
// core's own FMA peak. One thread; interleaved passes; medians.

let inputs = 784
let (wide, narrow, classes) = (256, 84, 10)

struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func floats(_ count: Int, _ bound: Float) -> [Float] {
    (0..<count).map { _ in Float.random(in: -bound...bound, using: &self) }
  }
}

var random = SplitMix(state: 1)
let first = Dense(
  name: "a", inputs: inputs, units: wide, kernel: random.floats(inputs * wide, 0.05), bias: random.floats(wide, 0.1),
  activation: .tanh)
let second = Dense(
  name: "b", inputs: wide, units: narrow, kernel: random.floats(wide * narrow, 0.1), bias: random.floats(narrow, 0.1),
  activation: .tanh)
let head = RBF(
  name: "c", inputs: narrow, units: classes, centers: random.floats(narrow * classes, 1),
  centersLayout: .featuresUnits, scale: .scalar(0.1), output: .gaussian)
let instructionSet = try InstructionSet.selected(forcing: getenv("RADIAL_ISA").map { String(cString: $0) })
let network = try Network(
  inputWidth: inputs, layers: [.dense(first), .dense(second), .rbf(head)], instructionSet: instructionSet)
let maximumRows = 256
let rowsData = random.floats(maximumRows * inputs, 1)

func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// The naive network: three nested loops in plain Swift, then libm.
@MainActor func naive(_ x: UnsafePointer<Float>, rows: Int, into distances: inout [Float]) {
  func dense(_ x: UnsafePointer<Float>, _ layer: Dense) -> [Float] {
    (0..<layer.units).map { c in
      var sum = layer.bias?[c] ?? 0
      for k in 0..<layer.inputs { sum += x[k] * layer.kernel[k * layer.units + c] }
      return tanhf(sum)
    }
  }
  for n in 0..<rows {
    let hidden = dense(dense(x + n * inputs, first), second)
    for c in 0..<classes {
      var sum: Float = 0
      for k in 0..<narrow {
        let difference = hidden[k] - head.centers[k * classes + c]
        sum += difference * difference
      }
      distances[n * classes + c] = sum
    }
  }
}

/// The two matrix products alone, by cblas_sgemm, found at run time so that nothing is linked for it.
struct OpenBLAS {
  typealias Multiply =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32, Float,
      UnsafeMutablePointer<Float>, Int32
    ) -> Void
  let multiply: Multiply

  init?() {
    // A wrong choice of kernel would be an unfair comparison: let the library choose.
    unsetenv("OPENBLAS_CORETYPE")
    unsetenv("OPENBLAS_L2_SIZE")
    setenv("OPENBLAS_NUM_THREADS", "1", 1)
    guard let library = dlopen("libopenblas.so.0", RTLD_NOW), let symbol = dlsym(library, "cblas_sgemm") else {
      return nil
    }
    multiply = unsafeBitCast(symbol, to: Multiply.self)
  }

  /// C[N, U] = A[N, K] · B[K, U], row-major.
  func callAsFunction(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ n: Int, _ k: Int, _ u: Int
  ) {
    multiply(101, 111, 111, Int32(n), Int32(u), Int32(k), 1, a, Int32(k), b, Int32(u), 0, c, Int32(u))
  }
}

var outputs = [Float](repeating: 0, count: maximumRows * classes)
var distances = outputs
var expected = outputs
let workspace = network.makeWorkspace()
let openBLAS = OpenBLAS()
var product = [Float](repeating: 0, count: maximumRows * wide)
var product2 = [Float](repeating: 0, count: maximumRows * narrow)

@MainActor func runEngine(_ rows: Int) {
  rowsData.withUnsafeBufferPointer { x in
    outputs.withUnsafeMutableBufferPointer { outputs in
      distances.withUnsafeMutableBufferPointer { distances in
        guard let x = x.baseAddress, let o = outputs.baseAddress, let d = distances.baseAddress else { return }
        network.forward(x, rows: rows, into: Network.Results(outputs: o, distances: d), workspace: workspace)
      }
    }
  }
}

// radial-bench PASSES FILE…: models' files instead; those of scripts/bench/networks.py, say.
let arguments = Array(CommandLine.arguments.dropFirst())
if !arguments.isEmpty {
  guard arguments.count > 1, let passes = Int(arguments[0]), passes > 0 else {
    print("radial-bench: expected nothing, or a number of passes and models' files")
    exit(2)
  }
  try timeModels(Array(arguments.dropFirst()), passes: passes, instructionSet)
  exit(0)
}

// Verify.
runEngine(maximumRows)
rowsData.withUnsafeBufferPointer { x in
  if let x = x.baseAddress { naive(x, rows: maximumRows, into: &expected) }
}
for index in expected.indices where abs(expected[index] - distances[index]) > 1e-4 * expected[index] {
  print("verification failed: distance \(index) is \(distances[index]), the naive loop says \(expected[index])")
  exit(1)
}

// Time.
let operations = 2.0 * Double(network.multiplyAddsPerRow)
func fixed(_ value: Double, _ width: Int, _ places: Int) -> String {
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let whole = Int((value * scale).rounded())
  var text = String(whole)
  if places > 0 {
    while text.count <= places { text = "0" + text }
    text.insert(".", at: text.index(text.endIndex, offsetBy: -places))
  }
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

print(
  "engine on \(instructionSet.rawValue), one thread, 784 -> 256 tanh -> 84 tanh -> RBF 10, medians of interleaved passes"
)
print("rows  engine rows/s  GFLOP/s  of peak  OpenBLAS GFLOP/s (products alone)  naive GFLOP/s  peak GFLOP/s")
for rows in [1, 8, 64, 256] {
  var engine: [Double] = []
  var blas: [Double] = []
  var plain: [Double] = []
  var peak: [Double] = []
  let inner = max(1, 512 / rows)
  for pass in 0..<21 {
    var start = seconds()
    let done = instructionSet.runPeak(iterations: 200_000)
    peak.append(done / (seconds() - start))
    start = seconds()
    for _ in 0..<inner { runEngine(rows) }
    engine.append(Double(inner * rows) / (seconds() - start))
    if let openBLAS {
      start = seconds()
      for _ in 0..<inner {
        rowsData.withUnsafeBufferPointer { x in
          if let x = x.baseAddress { openBLAS(x, first.kernel, &product, rows, inputs, wide) }
        }
        openBLAS(product, second.kernel, &product2, rows, wide, narrow)
      }
      blas.append(Double(inner * rows) / (seconds() - start))
    }
    if pass < 3 {
      start = seconds()
      rowsData.withUnsafeBufferPointer { x in
        if let x = x.baseAddress { naive(x, rows: rows, into: &expected) }
      }
      plain.append(Double(rows) / (seconds() - start))
    }
  }
  let gigaflops = median(engine) * operations * 1e-9
  print(
    fixed(Double(rows), 4, 0), fixed(median(engine), 13, 0), fixed(gigaflops, 8, 1),
    fixed(gigaflops / (median(peak) * 1e-9), 8, 2),
    blas.isEmpty ? "                                 none" : fixed(median(blas) * operations * 1e-9, 34, 1),
    fixed(median(plain) * operations * 1e-9, 14, 2), fixed(median(peak) * 1e-9, 13, 1))
}
