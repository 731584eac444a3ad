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
    private var places: Places
    private var estates: WatchedFiles
    private var running: IncrementalProof
    /// What is proved beside AWS, which is proved as a whole each time.
    private var others: [EstateProof.Result]
    private let proveOthers: (Estate) throws -> [EstateProof.Result]
    private var areOthersUnread = false
    /// Whose files were saved and could not be read, so that what was proved is not what is in force.
    private var unread: Set<String> = []
    private var isEstateUnread = false

    private static let pause: useconds_t = 100_000

    /// What is looked at, as it was before it was read.
    struct Places {
        fileprivate var aws: WatchedFiles?
        fileprivate var others: [WatchedFiles]

        /// - Throws: ``CommandError`` for a directory that is not there.
        init(aws: String?, kubernetes: [String], minio: String?) throws {
            self.aws = try aws.map { try WatchedFiles($0, endingIn: [".json"]) }
            others =
                try kubernetes.map { try WatchedFiles($0, endingIn: [".yaml", ".yml"]) }
                + [minio].compactMap(\.self).map { try WatchedFiles($0, endingIn: [".json"]) }
        }

        fileprivate var names: String {
            ([aws].compactMap(\.self) + others).map(\.directory).joined(separator: ", ")
        }

        /// What was saved beside AWS, by its path.
        fileprivate mutating func changesBeside() -> [String] {
            others.indices.flatMap { index in
                let directory = others[index].directory
                return others[index].changes().sorted().map { $0.isEmpty ? directory : directory + "/" + $0 }
            }
        }
    }

    init(
        _ options: EstateOptions,
        _ places: Places,
        _ output: DataProveCommand.Format,
        _ proof: IncrementalProof,
        _ others: [EstateProof.Result],
        _ proveOthers: @escaping (Estate) throws -> [EstateProof.Result]
    ) throws {
        self.options = options
        self.output = output
        self.places = places
        self.others = others
        self.proveOthers = proveOthers
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
        StandardError.write("watching \(places.names) and \(options.path)")
        while true {
            usleep(Self.pause)
            let isEstateSaved = !estates.changes().isEmpty || isEstateUnread
            let saved = Set((places.aws?.changes() ?? []).map(AWSArtifacts.place)).union(unread)
            let beside = places.changesBeside()
            if isEstateSaved || !saved.isEmpty && (saved.contains(where: AWSArtifacts.isAboutSeveral) || isExport) {
                try again((isEstateSaved ? [options.path] : []) + saved.sorted() + beside)
                continue
            }
            if !saved.isEmpty { try prove(saved) }
            if !beside.isEmpty || areOthersUnread { try proveBeside(beside) }
        }
    }

    /// Whether there is an export, whose roles and endpoints nothing beside it may name again.
    private var isExport: Bool {
        let names = places.aws.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.directory) } ?? []
        return names.contains(where: AWSArtifacts.isAboutSeveral)
    }

    /// Begins anew, with another estate or another export.
    private mutating func again(_ saved: [String]) throws {
        let before = whole
        let start = Self.processorTime
        do {
            let estate = try options.load()
            let artifacts = try places.aws.map {
                try AWSArtifacts(files: try PolicyFiles.read($0.directory), estate: estate)
            }
            let others = try proveOthers(estate)
            running = IncrementalProof(estate, aws: artifacts)
            self.others = others
            (isEstateUnread, areOthersUnread, unread) = (false, false, [])
        } catch {
            // Said once for each time that it is saved: it may be in the middle of that.
            guard !isEstateUnread else { return }
            isEstateUnread = true
            return try tell(saved, before, start, (error as? CommandError)?.message ?? "\(error)")
        }
        try tell(saved, before, start, nil)
    }

    /// Proves anew what is beside AWS; what cannot be read is told of once.
    private mutating func proveBeside(_ saved: [String]) throws {
        let before = whole
        let start = Self.processorTime
        do {
            others = try proveOthers(running.estate)
            areOthersUnread = false
        } catch {
            let isKnown = areOthersUnread && saved.isEmpty
            areOthersUnread = true
            guard !isKnown else { return }
            return try tell(saved, before, start, (error as? CommandError)?.message ?? "\(error)")
        }
        try tell(saved, before, start, nil)
    }

    /// Everything that was proved last.
    private var whole: EstateProof { running.proof.adding(others) }

    private mutating func prove(_ saved: Set<String>) throws {
        guard let directory = places.aws?.directory else { return }
        let isKnown = saved == unread
        let before = whole
        var files: [String: [UInt8]] = [:]
        var unreadable: String?
        for place in saved {
            let path = directory + "/" + place
            do {
                let names = place.hasSuffix(".json") ? [place] : try Self.names(path).map { place + "/" + $0 }
                for name in names {
                    // What is there and cannot be read is not gone.
                    guard FileManager.default.fileExists(atPath: directory + "/" + name) else { continue }
                    files[name] = try PolicyFiles.bytes(of: name, in: directory)
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
        let proof = whole
        let isKnownInFull = error == nil && unread.isEmpty && !areOthersUnread && !isEstateUnread
        let changed = proof.results.map(DataProveCommand.line).filter { !known.contains($0) }
        switch output {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let document = Document(
                estate: running.estate.name,
                holds: proof.holds && isKnownInFull,
                saved: saved,
                error: error,
                cpuMilliseconds: (milliseconds * 1000).rounded() / 1000,
                changed: changed
            )
            StandardOutput.write(String(decoding: try encoder.encode(document), as: UTF8.self))
        case .table:
            if !changed.isEmpty { DataProveCommand.write(changed) }
            if let error { StandardError.write("\(error)\nwhat was proved before is not what is in force now") }
            let verdict = proof.holds && isKnownInFull ? "all of it is proved" : "not all of it is proved"
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
