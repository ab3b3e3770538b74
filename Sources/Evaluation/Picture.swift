/// Pictures of a report, as SVG: text and lines in the colours of the page, so that they are read in light and in dark.
enum Picture {
  static let width = 600.0
  static let height = 260.0
  private static let left = 78.0
  private static let right = 16.0
  private static let top = 12.0
  private static let bottom = 36.0

  /// A number as SVG wants it.
  static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  /// Axes from 0 to 1 along both sides, in percent, and what is drawn between them.
  /// - Parameters:
  ///   - label: what a reader who does not see it is told.
  ///   - ticks: along the lower side, from 0 to 1, with their texts.
  static func plot(
    label: String, x: String, y: String, ticks: [(Double, String)], yTicks: [(Double, String)], _ content: String
  ) -> String {
    var svg =
      "<svg viewBox=\"0 0 \(number(width)) \(number(height))\" role=\"img\" aria-label=\"\(label.escapedHTML)\">"
    for (place, text) in yTicks {
      let y = vertical(place)
      svg +=
        "<line class=\"grid\" x1=\"\(number(left))\" x2=\"\(number(width - right))\" y1=\"\(number(y))\" y2=\"\(number(y))\"/>"
      svg += "<text x=\"\(number(left - 6))\" y=\"\(number(y + 4))\" text-anchor=\"end\">\(text.escapedHTML)</text>"
    }
    for (place, text) in ticks {
      let x = horizontal(place)
      let anchor = place == 1 ? "end" : "middle"
      svg +=
        "<text x=\"\(number(x))\" y=\"\(number(height - bottom + 15))\" text-anchor=\"\(anchor)\">\(text.escapedHTML)</text>"
    }
    svg += content
    svg +=
      "<text x=\"\(number((left + width - right) / 2))\" y=\"\(number(height - 4))\" text-anchor=\"middle\">\(x.escapedHTML)</text>"
    svg +=
      "<text transform=\"translate(11 \(number((top + height - bottom) / 2))) rotate(-90)\" text-anchor=\"middle\">\(y.escapedHTML)</text>"
    return svg + "</svg>"
  }

  /// A line across the plot, at a share of its height or its width.
  static func rule(atHeight share: Double) -> String {
    let y = number(vertical(share))
    return "<line class=\"rate\" x1=\"\(number(left))\" x2=\"\(number(width - right))\" y1=\"\(y)\" y2=\"\(y)\"/>"
  }

  static func rule(atWidth share: Double) -> String {
    let x = number(horizontal(share))
    return "<line class=\"rate\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(number(top))\" y2=\"\(number(height - bottom))\"/>"
  }

  static func horizontal(_ share: Double) -> Double { left + share * (width - left - right) }
  static func vertical(_ share: Double) -> Double { height - bottom - share * (height - top - bottom) }

  /// A line through points from (0, 0) to (1, 1).
  static func line(_ points: [(Double, Double)], series: Int, isStepped: Bool = false) -> String {
    guard !points.isEmpty else { return "" }
    var path = ""
    for (index, point) in points.enumerated() {
      let (x, y) = (number(horizontal(point.0)), number(vertical(point.1)))
      path += index == 0 ? "M\(x) \(y)" : isStepped ? "H\(x)V\(y)" : "L\(x) \(y)"
    }
    return "<path class=\"series s\(series % 6)\" d=\"\(path)\"/>"
  }

  /// Percent from 0 to 100.
  static let percents: [(Double, String)] = [(0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1, "100 %")]

  /// What the lines of a plot are, in their colours.
  static func legend(_ names: [String]) -> String {
    guard !names.isEmpty else { return "" }
    let items = names.enumerated().map { index, name in
      "<li><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"series s\(index % 6)\" d=\"M0 4H24\"/></svg>\(name.escapedHTML)</li>"
    }
    return "<ul class=\"legend\">\(items.joined())</ul>"
  }

  /// A row of an image of one or three channels as a bitmap, or nothing where it is none.
  static func bitmap(_ values: [Float], shape: [Int], label: String) -> String? {
    let shape = imageShape(values.count, shape)
    guard let shape, shape.channels == 1 || shape.channels == 3, shape.rows * shape.columns <= 1 << 16 else {
      return nil
    }
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let scale = high > low ? 255 / (high - low) : 0
    let stride = (shape.columns * 3 + 3) / 4 * 4
    var bytes: [UInt8] = Array("BM".utf8)
    func append(_ value: Int, _ count: Int) {
      for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
    // BITMAPFILEHEADER and BITMAPINFOHEADER of 24 bits a pixel, rows from the top.
    append(54 + stride * shape.rows, 4)
    append(0, 4)
    append(54, 4)
    append(40, 4)
    append(shape.columns, 4)
    append(-shape.rows, 4)
    append(1, 2)
    append(24, 2)
    append(0, 4)
    append(stride * shape.rows, 4)
    append(0, 16)
    for row in 0..<shape.rows {
      for column in 0..<shape.columns {
        for channel in [2, 1, 0] {
          let index = (row * shape.columns + column) * shape.channels + min(channel, shape.channels - 1)
          bytes.append(UInt8(max(0, min(255, ((values[index] - low) * scale).rounded()))))
        }
      }
      append(0, stride - shape.columns * 3)
    }
    return "<img alt=\"\(label.escapedHTML)\" src=\"data:image/bmp;base64,\(base64(bytes))\">"
  }

  /// nil: a row is no image. One of 784 numbers is drawn as 28 × 28, which most such rows are.
  private static func imageShape(_ count: Int, _ shape: [Int]) -> (rows: Int, columns: Int, channels: Int)? {
    switch shape.count {
    case 3: return (shape[0], shape[1], shape[2])
    case 2 where shape[1] > 4: return (shape[0], shape[1], 1)
    case 1 where count == 784: return (28, 28, 1)
    default: return nil
    }
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = (0..<3).map { start + $0 < bytes.count ? Int(bytes[start + $0]) : 0 }
      let value = group[0] << 16 | group[1] << 8 | group[2]
      for place in 0..<4 {
        text.append(start + place <= bytes.count ? letters[value >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension String {
  /// As a text or an attribute of HTML.
  var escapedHTML: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      // Control characters are none of HTML's.
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: text += " "
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
