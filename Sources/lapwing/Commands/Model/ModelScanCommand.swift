import ArgumentParser
import Foundation
import ModelTrust

extension ModelCommand {
    /// `lapwing model scan`.
    struct Scan: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "scan",
            abstract: "Say of model files whether loading them is safe: proven, not proven, or unsafe.",
            discussion: """
                Formats are told apart by content and never by name, and nothing is ever loaded. Files are read by a \
                process of its own without network, without write access and with limits on memory and time; what breaks \
                it is not proven. Folders are walked without following links.

                Exits with 0 where everything is proven, 1 where something is not, 2 where the command line is wrong, \
                3 where the scanner cannot be started.
                """
        )

        @Argument(help: "Files or folders.", completion: .file())
        var paths: [String]

        @Option(name: .shortAndLong, help: "Output: table, json or sarif (SARIF 2.1.0).")
        var output = Format.table

        @Flag(name: .shortAndLong, help: "Print only what is not proven.")
        var quiet = false

        @Option(help: "MiB of address space that the process that reads the files may use.")
        var memory: UInt32 = 1024

        /// How findings are printed.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case table, json, sarif
        }

        func run() throws {
            let trees = paths.map { ScanTree($0) }
            for (path, tree) in zip(paths, trees) where tree.findings.contains(where: { $0.rule == "missing" }) {
                throw CommandError(.usage, "there is no `\(path)` to scan")
            }
            var seen: Set<ScanTree.Entry> = []
            let entries = trees.flatMap(\.entries).filter { seen.insert($0).inserted }
            let bar = ProgressBar(label: "scanning", unit: "files")
            let supervisor = ScanSupervisor(entries, memory: UInt64(memory) << 20) { done in
                if entries.count > 1, !quiet { bar.show(UInt64(done), of: UInt64(entries.count)) }
            }
            let files = try supervisor.run()
            bar.finish()
            let report = ScanReport(files: files, findings: trees.flatMap(\.findings))
            switch output {
            case .json: try StandardOutput.write(json: report)
            case .sarif: try StandardOutput.write(json: ScanSARIF(report, version: Version.current))
            case .table: ScanTable(report, quiet: quiet).write()
            }
            if report.verdict != .proven { throw ExitCode(ExitStatus.refused.rawValue) }
        }
    }
}

/// A report for a person: a line for each file, and below it what was found.
private struct ScanTable {
    let report: ScanReport
    let quiet: Bool

    init(_ report: ScanReport, quiet: Bool) {
        self.report = report
        self.quiet = quiet
    }

    func write() {
        for finding in report.findings {
            StandardOutput.write("\(label(finding.verdict))  \(describe(finding, in: ""))")
        }
        for file in report.files where !quiet || file.verdict != .proven {
            let formats = file.formats.isEmpty ? "" : " (\(file.formats.joined(separator: ", ")))"
            StandardOutput.write("\(label(file.verdict))  \(Self.line(file.path))\(Style.dim(formats))")
            for finding in file.findings { StandardOutput.write("            \(describe(finding, in: file.path))") }
        }
        guard !quiet else { return }
        let counts = [ScanVerdict.proven, .notProven, .unsafe].map { "\(report.count($0)) \(Self.name($0))" }
        StandardError.write("\(counted(report.files.count, "file")): \(counts.joined(separator: ", "))")
    }

    private func describe(_ finding: ScanFinding, in file: String) -> String {
        var place = finding.path == file ? "" : Self.line(String(finding.path.dropFirst(file.count))) + " "
        if let offset = finding.offset { place += "at \(offset) " }
        if let element = finding.element { place += "\(Self.line(element)) " }
        return "\(Self.name(finding.verdict)) [\(finding.rule)] \(place)\(finding.message)"
    }

    private func label(_ verdict: ScanVerdict) -> String {
        let text = Self.name(verdict).padding(toLength: 10, withPad: " ", startingAt: 0)
        switch verdict {
        case .proven: return Style.green(text)
        case .notProven: return Style.yellow(text)
        case .unsafe: return Style.red(text)
        }
    }

    private static func name(_ verdict: ScanVerdict) -> String {
        switch verdict {
        case .proven: "proven"
        case .notProven: "not proven"
        case .unsafe: "unsafe"
        }
    }

    /// A name on one line, whatever line ends it has.
    private static func line(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x0A || $0 == 0x09 }) else { return text }
        return text.replacing("\n", with: "\\n").replacing("\t", with: "\\t")
    }
}
