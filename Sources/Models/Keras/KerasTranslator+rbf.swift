import FileFormats
import Glibc
import RadialEngine

/// RBF layers are classes of the users' own: what they are, their variables and a few words of the configuration tell.
///
/// * a matrix and a constant `gamma`: exp(−γ d²), the matrix (features, units) where both ways fit;
/// * a matrix and a vector of units: exp(−β d²), the matrix (units, features) where both ways fit;
/// * a matrix alone in a class whose name says distance: d², or −scale · d² where it says negative;
/// * `output_form` in the configuration: what scripts/train's own layer says of itself;
/// * a projection W[m, n, classes], centroids (n, classes) and a `sigma`: DUQ's head (van Amersfoort et al. 2020).
extension KerasTranslator {
  mutating func addRBF(_ layer: KerasLayer) throws(ModelError) {
    let variables = try variables(layer)
    let shapes = variables.map(\.dataset.shape)
    let ranks = shapes.map(\.count)
    let isOfAnotherKind = ["use_bias", "input_dim", "recurrent_activation"].contains { layer.config[$0] != nil }
    // A scalar gamma may be a variable of its own, of shape () or (1).
    let isScalar = shapes.count == 2 && shapes[1].reduce(1, *) == 1 && shapes[0] != shapes[1]
    switch ranks {
    case [2] where !isOfAnotherKind: try addRBF(layer, variables[0], trainable: nil)
    case [2, 0] where !isOfAnotherKind, [2, 1] where !isOfAnotherKind:
      try requireGamma(layer, variables[1])
      try addRBF(layer, variables[0], trainable: (variables[1], isScalar))
    case [3, 2], [3, 2, 1]: try addDUQ(layer, variables)
    default:
      let found = shapes.isEmpty ? "no variables" : "variables of shapes \(shapes)"
      throw refuse(
        layer,
        "Radial serves no such layer, and with \(found) it is no RBF layer either (a matrix and a constant gamma, or a matrix and a vector of units); use Keras' Dense, Conv2D, pooling, normalisation, dropout and activation layers"
      )
    }
  }

  private mutating func addRBF(
    _ layer: KerasLayer, _ centers: KerasVariable, trainable: (variable: KerasVariable, isScalar: Bool)?
  ) throws(ModelError) {
    guard shape.count == 1 else {
      throw refuse(layer, "its inputs have the shape \(shape), expected one dimension; put a Flatten layer before it")
    }
    var fields: [String: JSONValue] = [:]
    var units: Int?
    var common = RBF.CentersLayout.unitsFeatures
    if let (variable, isScalar) = trainable {
      let tensor = try tensor(variable, of: layer)
      fields["output"] = .string(try stated(layer)?.rawValue ?? RBF.Output.gaussian.rawValue)
      if isScalar {
        let value = Double(tensor.floats[0])
        guard value.isFinite else { throw refuse(layer, "its gamma is \(value); train or save the model again") }
        // scripts/train's layer keeps the inverse of softplus, so that its gamma stays positive.
        let isRaw = layer.config["trainable_gamma"]?.flag == true
        fields["scale"] = .number(isRaw ? max(value, 0) + log1p(exp(-abs(value))) : value)
        common = .featuresUnits
      } else {
        units = tensor.shape[0]
        fields["scale"] = .string("tensor")
        set("scale", of: layer, tensor)
      }
    } else {
      let (output, scale) = try constants(layer)
      fields["output"] = .string(output.rawValue)
      fields["scale"] = .number(scale)
      if try stated(layer) != nil || output == .gaussian { common = .featuresUnits }
    }
    let (layout, found) = try layout(of: centers.dataset.shape, units: units, layer, common: common)
    set("centers", of: layer, try tensor(centers, of: layer))
    fields["centers_layout"] = .string(layout.rawValue)
    fields["units"] = .number(Double(found))
    emit("rbf", layer, fields)
    shape = [found]
  }

  /// Which side of the matrix the features are on, and how many units it has.
  /// - Parameters:
  ///   - units: what a vector of the layer says; nil: it has none.
  ///   - common: the way round when both fit.
  private func layout(
    of matrix: [Int], units: Int?, _ layer: KerasLayer, common: RBF.CentersLayout
  ) throws(ModelError) -> (RBF.CentersLayout, Int) {
    let features = shape[0]
    let units = units ?? layer.config["units"]?.integer
    let fits: [RBF.CentersLayout] = RBF.CentersLayout.allCases.filter { layout in
      let sides = layout == .featuresUnits ? matrix : matrix.reversed()
      return sides[0] == features && (units == nil || sides[1] == units)
    }
    guard let first = fits.first else {
      throw refuse(
        layer,
        "its matrix has the shape \(matrix), expected \(features) features on one side\(units.map { " and \($0) units on the other" } ?? ""); save the model again"
      )
    }
    let layout = fits.count == 1 ? first : options.rbfLayout ?? common
    return (layout, layout == .featuresUnits ? matrix[1] : matrix[0])
  }

  /// The output that the configuration names; nil: it names none.
  private func stated(_ layer: KerasLayer) throws(ModelError) -> RBF.Output? {
    guard let form = layer.config["output_form"]?.text else { return nil }
    guard let output = RBF.Output(rawValue: form) else {
      throw refuse(layer, "its output_form is '\(form)', expected gaussian, distance or negative_distance")
    }
    return output
  }

  /// Output and scale of a layer whose matrix is its only variable.
  private func constants(_ layer: KerasLayer) throws(ModelError) -> (output: RBF.Output, scale: Double) {
    let stated = try stated(layer)
    let name = layer.className.lowercased()
    if stated == nil, name.contains("dist") {
      let scale = layer.config["scale"]?.number ?? 1
      if name.contains("neg") { return (.negativeDistance, options.gamma ?? scale) }
      guard scale == 1 else {
        throw refuse(layer, "it scales the distance by \(scale), which Radial does not serve; save it with scale 1")
      }
      return (.distance, 1)
    }
    if stated == .distance { return (.distance, 1) }
    guard let gamma = options.gamma ?? layer.config["gamma"]?.number else {
      throw refuse(
        layer,
        "it has one matrix and no gamma: a constant gamma is not a weight, it is only in the configuration, and there is none; return 'gamma' from get_config() and save the model again, or give it by --gamma"
      )
    }
    return (stated ?? .gaussian, gamma)
  }

  /// A legacy file names its variables: what is called otherwise than gamma or beta does not multiply the distance.
  private func requireGamma(_ layer: KerasLayer, _ variable: KerasVariable) throws(ModelError) {
    guard let name = variable.name?.lowercased() else { return }
    guard !["bias", "sigma", "width", "std", "var"].contains(where: { name.contains($0) }) else {
      throw refuse(
        layer,
        "its vector is called '\(name)', expected a gamma or beta that multiplies the squared distance; save the layer with beta = 1 / (2 sigma²) in its place"
      )
    }
  }

  private mutating func addDUQ(_ layer: KerasLayer, _ variables: [KerasVariable]) throws(ModelError) {
    let kernel = variables[0].dataset.shape
    guard let sigma = layer.config["sigma"]?.number ?? layer.config["length_scale"]?.number,
      shape == [kernel[0]], variables[1].dataset.shape == [kernel[1], kernel[2]],
      variables.count == 2 || variables[2].dataset.shape == [kernel[2]]
    else {
      throw refuse(
        layer,
        "variables of shapes \(variables.map(\.dataset.shape)) on inputs \(shape) are DUQ's (features, n, classes) and (n, classes) only with a 'sigma' in the configuration; return it from get_config() and save the model again"
      )
    }
    set("kernel", of: layer, try tensor(variables[0], of: layer))
    var centers = try tensor(variables[1], of: layer)
    if variables.count == 3 {
      // The running sums m come with the running counts N: a centroid is m / N.
      let counts = try tensor(variables[2], of: layer).floats
      let sums = centers.floats
      centers = Tensor(sums.indices.map { sums[$0] / counts[$0 % counts.count] }, shape: centers.shape)
    }
    set("centers", of: layer, centers)
    emit(
      "duq", layer,
      [
        "units": .number(Double(kernel[2])), "embedding": .number(Double(kernel[1])), "sigma": .number(sigma),
      ])
    shape = [kernel[2]]
  }
}
