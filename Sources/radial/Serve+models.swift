import Bytes
import Glibc
import InferenceAPI
import Logging
import Models
import RadialEngine

/// Which models the command line means, and what it says of them.
extension Serve {
  /// Loads everything for the first time. A file that was named must load; what fails in a directory is reported and left out.
  /// - Returns: besides what was loaded and what failed, the models that the command line names.
  func loadModels(
    _ instructionSet: InstructionSet, _ memory: MemoryBudget, _ logger: Logger
  ) throws -> (registry: ModelRegistry, changes: ModelChanges, named: [ModelSource.Key]) {
    let files = try namedModels()
    let keys: [ModelSource.Key]
    do {
      if let directory = options.modelsDir { _ = try ModelDirectory.scan(directory) }
      keys = try files.flatMap { try ModelDirectory.sources(of: $0.path, name: $0.name) }.map(\.key)
    } catch {
      throw Failure.usage("\(error)")
    }
    if let index = keys.indices.first(where: { keys[..<$0].contains(keys[$0]) }) {
      throw Failure.usage("--model: two models are called '\(keys[index].name)'; give one another name with PATH=NAME")
    }
    let loading = try loadOptions(files)
    var configuration = ModelRegistry.Configuration()
    configuration.files = files
    configuration.directory = options.modelsDir
    configuration.defaultName = options.defaultModel ?? keys.first?.name
    configuration.unloading =
      options.allowUnload ? .allowed : .refused(advice: "start the server with --allow-unload to allow it")
    configuration.maxRequestRows = options.maxRequestRows
    configuration.memory = memory
    configuration.proofAdvice = proofAdvice
    let registry = ModelRegistry(configuration, logger: logger) { source throws(ModelError) in
      do throws(ModelError) {
        return try Model.load(source, instructionSet: instructionSet, options: loading)
      } catch {
        throw error.rephrased(\.withFlags)
      }
    }
    return (registry, registry.loadAll(), keys)
  }

  /// What the flags say of the models' files: of the one, or of the Keras files among several.
  private func loadOptions(_ files: [(path: String, name: String?)]) throws -> LoadOptions {
    var loading = keras.loadOptions
    let isOne = files.count == 1 && options.modelsDir == nil
    for (flag, isGiven) in [
      ("labels", options.labels != nil), ("false-reject-rate", options.falseRejectRate != nil),
    ] where isGiven && !isOne {
      throw Failure.usage(
        "--\(flag) is for one model, and here may be several; write it into radial.json beside each model's file, NAME/VERSION/radial.json"
      )
    }
    loading.labels = try options.labels.map(LabelList.names)
    loading.falseRejectRate = options.falseRejectRate
    return isOne ? loading : loading.ignoringOtherForms
  }

  /// What is wrong with the flags now that the models are known: a sentence each.
  func settingsProblems(_ models: [Model]) -> [String] {
    var problems: [String] = []
    if let name = options.defaultModel, !models.contains(where: { $0.name == name }) {
      let names = models.map(\.name)
      problems.append(
        "--default-model: no model '\(name)' was loaded (\(names.joined(separator: ", ")))"
          + Spelling.question(for: name, among: names))
    }
    if keras.loadOptions != LoadOptions(), options.modelsDir == nil,
      !models.contains(where: { $0.file.form != .safetensors })
    {
      problems.append(
        "--gamma, --config and the --rbf flags are for Keras files, and none of the models is one; leave them out")
    }
    return problems
  }

  /// The models of the command line; without any what KServe has mounted, or the default model.
  private func namedModels() throws -> [(path: String, name: String?)] {
    var files = (options.paths + options.model).map(Self.split)
    if files.isEmpty, options.modelsDir == nil {
      files = [(access(Self.mountedModels, F_OK) == 0 ? Self.mountedModels : try defaultModelPath(), nil)]
    }
    if let name = options.modelName {
      guard files.count == 1 else {
        throw Failure.usage(
          "--model-name: expected one --model to be named, found \(files.count); use --model PATH=NAME")
      }
      files[0].name = name
    } else if files.count == 1, files[0].name == nil, let name = [String: String].process["INFERENCE_SERVICE_NAME"] {
      files[0].name = name
    }
    return files
  }

  /// Where KServe's storage initializer puts a model.
  private static let mountedModels = "/mnt/models"

  /// FILE or FILE=NAME; a file that exists under the whole text is that file.
  static func split(_ specification: String) -> (path: String, name: String?) {
    guard access(specification, F_OK) != 0, let equals = specification.lastIndex(of: "=") else {
      return (specification, nil)
    }
    return (String(specification[..<equals]), String(specification[specification.index(after: equals)...]))
  }
}
