import ArgumentParser
import RowFiles

/// How the rows of a file are read, for every command that reads many.
struct RowFlags: ParsableArguments {
  /// The forms of rows.
  enum InputFormat: String, ExpressibleByArgument, CaseIterable { case auto, csv, jsonl, npy, npz, idx }
  /// Whether a CSV file has a line of names.
  enum Header: String, ExpressibleByArgument, CaseIterable { case auto, yes, no }

  @Option(help: "The form of the rows; auto: by the file's contents. gzip is seen through.")
  var inputFormat = InputFormat.auto

  @Option(help: "Whether a CSV file's first line names its columns.")
  var header = Header.auto

  @Option(
    help:
      "Columns of a CSV file that are no numbers of the row, such as its label: names, or numbers from 1, with commas.")
  var skipColumns: String?

  @Option(help: "The array of an .npz file that holds the rows, where there are several.")
  var array: String?

  @Option(help: "Threads: 1 to 1024. Default: the cores of the cgroup.")
  var threads: Int?

  @Flag(
    help: "No progress bar; there is none anyway unless standard error is a terminal and the output goes elsewhere.")
  var quiet = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
    try Self.checkList(skipColumns, of: "--skip-columns")
  }

  /// Refuses a list of names with a gap in it.
  static func checkList(_ list: String?, of flag: String) throws {
    guard let list, names(list).isEmpty || list.hasPrefix(",") || list.hasSuffix(",") || list.contains(",,") else {
      return
    }
    throw ValidationError("\(flag): expected names with commas, found '\(list)'")
  }

  static func names(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

  /// What is said of the rows beside their file.
  var reading: RowFile.Options {
    var options = RowFile.Options()
    options.format = RowFormat(rawValue: inputFormat.rawValue)
    options.header = RowFile.Header(rawValue: header.rawValue) ?? .auto
    options.skippedColumns = skipColumns.map(Self.names) ?? []
    options.array = array
    return options
  }
}
