import Glibc

/// Where `weights/digits.safetensors` is: below the current directory, beside the executable or in one of the directories above it
/// (a build folder inside the clone), or in `../share/radial` of an installation.
func defaultModelPath() throws -> String {
  let name = "weights/digits.safetensors"
  var candidates = [name]
  if var directory = executableDirectory() {
    candidates.append(directory + "/../share/radial/" + name)
    for _ in 0..<5 {
      candidates.append(directory + "/" + name)
      guard let slash = directory.lastIndex(of: "/") else { break }
      directory = String(directory[..<slash])
    }
  }
  guard let found = candidates.first(where: { access($0, R_OK) == 0 }) else {
    throw Failure.usage(
      "no --model was given and the default, \(name), was found neither here nor above the executable; name a model file"
    )
  }
  return found
}

private func executableDirectory() -> String? {
  let path = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
    count = buffer.withMemoryRebound(to: CChar.self) { characters in
      characters.baseAddress.map { max(0, readlink("/proc/self/exe", $0, characters.count)) } ?? 0
    }
  }
  let text = String(decoding: path, as: UTF8.self)
  return text.lastIndex(of: "/").map { String(text[..<$0]) }
}
