/// Floating-point operations a second of each, the median of rounds in which all take turns, so that a disturbance of
/// the machine falls on all alike.
func interleavedMedians(of contenders: [Contender], seconds: Double) -> [Double] {
  let clock = ContinuousClock()
  let rounds = 25
  let slice = Duration.seconds(seconds / Double(rounds * contenders.count))
  var rates = contenders.map { _ in [Double]() }
  for _ in 0..<rounds {
    for (index, contender) in contenders.enumerated() {
      var operations = 0.0
      // Once outside the clock: the others have taken the caches.
      _ = contender.run()
      let start = clock.now
      repeat { operations += contender.run() } while clock.now - start < slice
      rates[index].append(operations / ((clock.now - start) / .seconds(1)))
    }
  }
  return rates.map { $0.sorted()[rounds / 2] }
}

func oneDecimal(_ number: Double) -> String {
  let tenths = Int((number * 10).rounded())
  return "\(tenths / 10).\(tenths % 10)"
}

/// One line of the table: the first cell to the left, the others to the right.
func row(_ cells: [String]) -> String {
  let name = cells[0] + String(repeating: " ", count: max(0, 34 - cells[0].count))
  return name + cells.dropFirst().map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }.joined()
}
