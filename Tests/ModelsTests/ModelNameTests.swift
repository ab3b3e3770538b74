import Foundation
import Testing

@testable import Models

/// Names of files and of models.
@Suite struct ModelNameTests {
  @Test(arguments: [
    ("model (1).keras", "model_1"), ("modèle été.keras", "mod_le_t"), (".keras", "keras"),
    ("it's a $b.keras", "it_s_a_b"),
    (String(repeating: "n", count: 200) + ".keras", String(repeating: "n", count: 128)), ("模型.keras", "model"),
    ("a\nb.keras", "a_b"), ("plain-2_x.keras", "plain-2_x"),
  ])
  func `a file of any name is read`(file: String, name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path + "/" + file
    try FileManager.default.copyItem(atPath: KerasFileTests.path("trained.keras"), toPath: path)
    let model = try Model.load(path: path)
    #expect(model.name == name && model.file.name == file)
    #expect(try ModelName.checked(model.name, of: path) == name)
  }

  @Test(arguments: [
    ("model (1).keras", "model (1)", "`model` 'model (1).keras=model_1' or `model_name` model_1"),
    ("dir/it's.keras", "it's", #"`model` 'dir/it'\''s.keras=it_s'"#), ("a.keras", "", "`model` a.keras=model or"),
    ("a.keras", "x/y", "`model` a.keras=x_y or"),
  ])
  func `a name that cannot be served is refused with one that can, ready for a shell`(
    path: String, name: String, part: String
  ) {
    let error = #expect(throws: ModelError.self) { try ModelName.checked(name, of: path) }
    #expect(error?.reason == .name && error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test func `callers are not told where the file lies, nor how to start the server by its path`() {
    let error = #expect(throws: ModelError.self) { try ModelName.checked("b c", of: "/srv/secret/b's c.keras") }
    #expect(error?.description.contains(#"'/srv/secret/b'\''s c.keras=b_c'"#) == true, "\(error?.description ?? "")")
    #expect(error?.descriptionWithoutFolder.contains("secret") == false, "\(error?.descriptionWithoutFolder ?? "")")
  }
}
