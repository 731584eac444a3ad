import Foundation
import Glibc
import ModelTrust

/// Has files scanned by a confined process, and goes on with a new one where that ends before its work does.
///
/// What a scanner that crashes, hangs or is killed was looking at is not proven: that it broke the scanner is reason
/// enough.
final class ScanSupervisor {
    /// Bytes a second below which a scan is taken to hang, beyond the first half minute.
    private static let slowest: UInt64 = 20_000_000
    private static let patience: UInt64 = 30

    private let tree: [ScanTree.Entry]
    /// Address space of the process: the program itself, and what a scan may keep.
    private let memory: UInt64
    private let progress: (Int) -> Void
    private var reports: [FileScanReport?]

    init(
        _ entries: [ScanTree.Entry],
        memory: UInt64,
        progress: @escaping (Int) -> Void = { _ in }
    ) {
        self.tree = entries
        self.memory = memory
        self.reports = Array(repeating: nil, count: entries.count)
        self.progress = progress
    }

    /// Scans all files.
    ///
    /// - Throws: ``CommandError`` where no process can be started or confined.
    func run() throws -> [FileScanReport] {
        var next = 0
        while next < tree.count {
            let begun = try scan(from: next)
            guard let begun else { break }
            // The process ended while it looked at this one.
            let entry = tree[begun.index]
            reports[begun.index] = FileScanReport(
                path: entry.shown,
                formats: [],
                findings: [
                    ScanFinding(
                        rule: "scanner-ended",
                        verdict: .notProven,
                        path: entry.shown,
                        message: "the scanner \(begun.how) while it looked at this file"
                    )
                ],
                claims: []
            )
            next = begun.index + 1
        }
        return reports.compactMap(\.self)
    }

    /// Scans from a place on; where the process ends too early, says at which file and how.
    private func scan(from first: Int) throws -> (index: Int, how: String)? {
        let entries = Array(tree[first...])
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try ProcessLife.ownPath.get())
        process.arguments = ["model", "scan-worker"]
        process.environment = ["PATH": "/usr/bin:/bin"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        // What a crash has to say of itself is no finding.
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch {
            throw CommandError(.unreachable, "cannot start the scanner: \(SystemReason.of(error))")
        }
        defer {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        let bytes = entries.reduce(UInt64(0)) { $0 &+ $1.size }
        let order = ScanOrder(
            entries: entries,
            memory: memory,
            seconds: Self.patience + bytes / Self.slowest + UInt64(entries.count) / 10
        )
        try? input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(order))
        try? input.fileHandleForWriting.close()
        var lines = LineReader(descriptor: output.fileHandleForReading.fileDescriptor)
        var current = first
        while current < tree.count || !reports[first...].allSatisfy({ $0 != nil }) {
            let seconds = Self.patience + (current < tree.count ? tree[current].size / Self.slowest : 0)
            switch lines.next(within: Double(seconds)) {
            case .line(let line):
                guard let message = try? JSONDecoder().decode(ScanMessage.self, from: line) else {
                    return (current, "said something that it should not")
                }
                switch message {
                case .confined: break
                case .refuses(let why): throw CommandError(.unreachable, "the scanner cannot be confined: \(why)")
                case .begins(let index) where index >= 0 && index < entries.count: current = first + index
                case .report(let index, let report)
                where first + index == current && report.path == tree[current].shown:
                    reports[current] = report
                    current += 1
                    progress(current)
                default: return (min(current, tree.count - 1), "said something that it should not")
                }
            case .long: return (min(current, tree.count - 1), "said too much")
            case .late: return (min(current, tree.count - 1), "took longer than \(seconds) s")
            case .end:
                // One that has closed its output and goes on is not waited for.
                guard Self.hasEnded(process) else {
                    kill(process.processIdentifier, SIGKILL)
                    process.waitUntilExit()
                    return current < tree.count ? (current, "closed its output and went on") : nil
                }
                process.waitUntilExit()
                guard current < tree.count else { return nil }
                return (current, Self.end(of: process))
            }
        }
        return nil
    }

    /// Whether a process that has closed its output ends, as it does at once.
    private static func hasEnded(_ process: Process) -> Bool {
        let deadline = ContinuousClock.now + .seconds(5)
        while process.isRunning {
            guard ContinuousClock.now < deadline else { return false }
            usleep(2_000)
        }
        return true
    }

    private static func end(of process: Process) -> String {
        guard process.terminationReason == .uncaughtSignal else { return "ended with \(process.terminationStatus)" }
        switch process.terminationStatus {
        case SIGXCPU, SIGKILL: return "used up its time or memory"
        case let signal: return "was ended by signal \(signal)"
        }
    }
}
