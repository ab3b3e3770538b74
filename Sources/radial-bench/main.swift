import RadialEngine

// Verify, then time: the engine against a triple loop, OpenBLAS where it is installed, and the core's own peak.
//
//   radial-bench [--instruction-set NAME] [--batches 1,8,64,256] [--seconds S]

var forced: String?
var seconds = 3.0
var batches = [1, 8, 64, 256]
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
  switch (argument, arguments.popFirst()) {
  case ("--instruction-set", let name?): forced = name
  case ("--batches", let list?): batches = list.split(separator: ",").compactMap { Int($0) }
  case ("--seconds", let text?) where Double(text) != nil: seconds = Double(text)!
  default: fatalError("usage: radial-bench [--instruction-set NAME] [--batches 1,8,64,256] [--seconds S]")
  }
}

precondition(batches.allSatisfy { (1...BenchModel.rowCount).contains($0) }, "batches are 1 to \(BenchModel.rowCount)")
let instructionSet = try InstructionSet.selected(forcing: forced)
let model = BenchModel(seed: 7)
let network = try model.network(instructionSet: instructionSet)
let openBLAS = OpenBLAS()

verify(network, against: model)
print("verified: every bit of a forward pass equals the triple loop's, before activations and after the distances")
print("instruction set \(instructionSet.rawValue), \(network.multiplyAddsPerRow) multiply-adds a row")

var contenders: [Contender] = []
for batch in batches { contenders.append(.engine(network, model: model, batch: batch)) }
for batch in batches { contenders.append(.tripleLoop(model, batch: batch)) }
if let openBLAS {
  for batch in batches { contenders.append(.openBLAS(openBLAS, model: model, batch: batch)) }
} else {
  print("libopenblas.so.0 is not installed: left out")
}
let peak = Contender.peak(instructionSet)
let rates = interleavedMedians(of: contenders + [peak], seconds: seconds)
let peakRate = rates.last!

print("")
print(row(["", "batch", "rows/s", "GFLOP/s", "of peak"]))
for (contender, rate) in zip(contenders, rates) {
  let rowRate = rate / (2 * Double(contender.multiplyAddsPerRow))
  print(
    row([
      contender.name, "\(contender.batch)", "\(Int(rowRate))", oneDecimal(rate / 1e9),
      "\(Int((100 * rate / peakRate).rounded())) %",
    ]))
}
print(row([peak.name, "", "", oneDecimal(peakRate / 1e9), "100 %"]))
