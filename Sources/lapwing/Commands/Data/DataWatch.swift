// `timespec` belongs to this module wherever both are loaded.
import CoreFoundation
import DataAccess
import Foundation
import Glibc
import Resources

/// Proves anew what is saved, until it is interrupted.
struct DataWatch {
    private let options: EstateOptions
    private let output: DataProveCommand.Format
    private var policies: WatchedFiles
    private var estates: WatchedFiles
    private var running: IncrementalProof
    /// Whose files were saved and could not be read, so that what was proved is not what is in force.
    private var unread: Set<String> = []
    private var isEstateUnread = false

    private static let pause: useconds_t = 100_000

    init(
        _ options: EstateOptions,
        _ policies: WatchedFiles,
        _ output: DataProveCommand.Format,
        _ proof: IncrementalProof
    ) throws {
        self.options = options
        self.output = output
        self.policies = policies
        estates = try WatchedFiles(options.path, endingIn: [".yaml", ".yml"])
        running = proof
    }

    /// One time that something was saved.
    private struct Document: Encodable {
        let version = 1
        let estate: String
        let holds: Bool
        /// What was saved: roles, buckets and endpoints, or the estate.
        let saved: [String]
        /// Why it could not be read; what was proved before is not what is in force then.
        let error: String?
        /// The processor time from the files' bytes to the answer.
        let cpuMilliseconds: Double
        /// The results that are others than before.
        let changed: [DataProveCommand.Line]
    }

    mutating func run() throws -> Never {
        StandardError.write("watching \(policies.directory) and \(options.path)")
        while true {
            usleep(Self.pause)
            let isEstateSaved = !estates.changes().isEmpty || isEstateUnread
            let saved = Set(policies.changes().map(AWSArtifacts.place)).union(unread)
            if isEstateSaved { try again() } else if !saved.isEmpty { try prove(saved) }
        }
    }

    /// Begins anew with another estate.
    private mutating func again() throws {
        let before = running.proof
        let start = Self.processorTime
        do {
            let estate = try options.load()
            let files = try PolicyFiles.read(policies.directory)
            running = IncrementalProof(estate, aws: try AWSArtifacts(files: files, estate: estate))
            isEstateUnread = false
            unread = []
        } catch {
            // Said once for each time that it is saved: it may be in the middle of that.
            guard !isEstateUnread else { return }
            isEstateUnread = true
            return try tell([options.path], before, start, (error as? CommandError)?.message ?? "\(error)")
        }
        try tell([options.path], before, start, nil)
    }

    private mutating func prove(_ saved: Set<String>) throws {
        let isKnown = saved == unread
        let before = running.proof
        var files: [String: [UInt8]] = [:]
        var unreadable: String?
        for place in saved {
            let path = policies.directory + "/" + place
            do {
                let names = place.hasSuffix(".json") ? [place] : try Self.names(path).map { place + "/" + $0 }
                for name in names {
                    let file = policies.directory + "/" + name
                    // What is there and cannot be read is not gone.
                    guard FileManager.default.fileExists(atPath: file) else { continue }
                    files[name] = try PolicyFiles.bytes(of: file)
                }
            } catch let error as CommandError { unreadable = unreadable ?? error.message }
        }
        let start = Self.processorTime
        if let unreadable {
            unread = saved
            guard !isKnown else { return }
            return try tell(saved.sorted(), before, start, unreadable)
        }
        guard var artifacts = running.artifacts else { return }
        do {
            try artifacts.reread(saved, files: files, estate: running.estate)
            running.update(artifacts)
            unread = []
        } catch let error as ResourceError {
            unread = saved
            guard !isKnown else { return }
            return try tell(saved.sorted(), before, start, "\(error)")
        }
        try tell(saved.sorted(), before, start, nil)
    }

    /// The policies in a folder; none where there is no such folder.
    private static func names(_ folder: String) throws -> [String] {
        FileManager.default.fileExists(atPath: folder) ? try PolicyFiles.names(in: folder) : []
    }

    private func tell(_ saved: [String], _ before: EstateProof, _ start: Double, _ error: String?) throws {
        let milliseconds = Self.processorTime - start
        let known = Set(before.results.map(DataProveCommand.line))
        let changed = running.proof.results.map(DataProveCommand.line).filter { !known.contains($0) }
        switch output {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let document = Document(
                estate: running.estate.name,
                holds: running.proof.holds && error == nil,
                saved: saved,
                error: error,
                cpuMilliseconds: (milliseconds * 1000).rounded() / 1000,
                changed: changed
            )
            StandardOutput.write(String(decoding: try encoder.encode(document), as: UTF8.self))
        case .table:
            if !changed.isEmpty { DataProveCommand.write(changed) }
            if let error { StandardError.write("\(error)\nwhat was proved before is not what is in force now") }
            let verdict = running.proof.holds && error == nil ? "all of it is proved" : "not all of it is proved"
            let time = String(format: "%.1f", milliseconds)
            StandardError.write("\(saved.joined(separator: ", ")): \(verdict), in \(time) ms of processor time")
        }
    }

    /// The processor time of the process, in milliseconds.
    private static var processorTime: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
    }
}
