import Glibc
import RadialEngine

// radial-bench [--two-threads] PASSES FILE…: verifies, then times the engine with models' files, those of
// scripts/bench/networks.py, say.

var arguments = Array(CommandLine.arguments.dropFirst())
let isOfTwoThreads = arguments.first == "--two-threads"
if isOfTwoThreads { arguments.removeFirst() }
guard arguments.count > 1, let passes = Int(arguments[0]), passes > 0 else {
  print("radial-bench: expected [--two-threads] PASSES FILE…, a number of passes above 0 and models' files")
  exit(2)
}
let instructionSet = try InstructionSet.selected(forcing: getenv("RADIAL_ISA").map { String(cString: $0) })
try timeModels(Array(arguments.dropFirst()), passes: passes, onTwoThreads: isOfTwoThreads, instructionSet)
