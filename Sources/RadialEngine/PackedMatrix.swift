internal import RadialKernels

/// Columns to whole panels: the padded width of a buffer.
func padded(_ width: Int) -> Int { (width + Int(RK_PANEL) - 1) / Int(RK_PANEL) * Int(RK_PANEL) }

/// Weights [K, U] repacked once for the tiles: [P / 16][K][16], columns padded with zeros.
struct PackedMatrix: Sendable {
  let inputs: Int
  let units: Int
  let panels: Int
  let values: AlignedFloats

  /// - Parameter element: the weight of an input k and a unit c.
  init(inputs: Int, units: Int, element: (_ k: Int, _ c: Int) -> Float) {
    let panel = Int(RK_PANEL)
    self.inputs = inputs
    self.units = units
    panels = padded(units) / panel
    values = AlignedFloats(count: panels * panel * inputs)
    for c in 0..<units {
      let column = values.pointer + (c / panel) * inputs * panel + c % panel
      for k in 0..<inputs { column[k * panel] = element(k, c) }
    }
  }

  /// The weight of an input k and a unit c.
  func element(_ k: Int, _ c: Int) -> Float {
    let panel = Int(RK_PANEL)
    return values.pointer[(c / panel) * inputs * panel + k * panel + c % panel]
  }
}
