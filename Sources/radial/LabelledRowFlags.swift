import ArgumentParser

/// Where the labels of rows are, and rows that a model should not know: for the commands that compare the two.
struct LabelledRowFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The rows' labels, one a row: numbers in any form of rows, or a text with one a line.", valueName: "file"))
  var labels: String?

  @Option(help: "The column of a CSV file, or the member of JSON rows, that holds the labels.")
  var labelColumn: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Rows that the model should not know; once for each set. Without any, some are made of ROWS.", valueName: "rows"))
  var far: [String] = []

  /// Every file that they name.
  var files: [String] { far + (labels.map { [$0] } ?? []) }

  func validate() throws {
    guard labels == nil || labelColumn == nil else {
      throw ValidationError("--labels and --label-column both say where the labels are; say one")
    }
  }

  /// Refuses a standard input that would be read twice.
  func checkStandardInput(beside rows: String) throws {
    guard ([rows] + files).count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("several files are the standard input; name all but one")
    }
  }
}
