internal import Dispatch
internal import RadialKernels

/// Columns to whole panels: the padded width of a buffer.
func padded(_ width: Int) -> Int { (width + Int(RK_PANEL) - 1) / Int(RK_PANEL) * Int(RK_PANEL) }

/// The way from one row of a buffer to the next.
func rowStride(_ width: Int) -> Int { rk_row_stride(width) }

/// Weights [K, U] repacked once for the tiles: [P / 16][K][16], columns padded with zeros, panels `rk_panel_step` apart.
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
    values = AlignedFloats(count: panels * rk_panel_step(inputs))
    for c in 0..<units {
      let column = values.pointer + place(0, c)
      for k in 0..<inputs { column[k * panel] = element(k, c) }
    }
  }

  /// Weights [K, U], row-major: some rows at a time, so that what is read and what is written both lie in a few pages; a large matrix on
  /// all cores.
  init(inputs: Int, units: Int, rows: [Float]) {
    let panel = Int(RK_PANEL)
    self.inputs = inputs
    self.units = units
    panels = padded(units) / panel
    let (panels, step) = (panels, rk_panel_step(inputs))
    values = AlignedFloats(count: panels * step)
    let parts = inputs * units < 1 << 18 ? 1 : 16
    rows.withUnsafeBufferPointer { rows in
      guard let start = rows.baseAddress else { return }
      // Every part writes panels of its own.
      nonisolated(unsafe) let (from, to) = (start, values.pointer)
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        let own = panels * part / parts..<panels * (part + 1) / parts
        for first in stride(from: 0, to: inputs, by: 32) {
          for p in own {
            let width = min(panel, units - p * panel)
            for k in first..<min(first + 32, inputs) {
              (to + p * step + k * panel).update(from: from + k * units + p * panel, count: width)
            }
          }
        }
      }
    }
  }

  /// The weight of an input k and a unit c.
  func element(_ k: Int, _ c: Int) -> Float { values.pointer[place(k, c)] }

  private func place(_ k: Int, _ c: Int) -> Int {
    let panel = Int(RK_PANEL)
    return c / panel * rk_panel_step(inputs) + k * panel + c % panel
  }
}
