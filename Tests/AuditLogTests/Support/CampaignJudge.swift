import AuditLog
import Foundation
import Testing

/// Judges a log after each run of a campaign: all of it verifies, and it continues what was signed before, by this code and
/// by Go's, and now and then by that of `aics-tlog`, which takes long to start.
struct CampaignJudge {
    let key: NoteVerifier
    /// How many times Go's code accepted a log.
    private(set) var acceptedByGo = 0
    /// How many logs were judged.
    private var judged = 0
    /// Of how many logs one is put to `aics-tlog`.
    private static let oneIn = 10
    /// The newest checkpoint that readers may have seen.
    private var seen: [UInt8]?

    init(key: NoteVerifier) { self.key = key }

    /// What the log has published when a run ends: whoever read it will hold the log to it.
    mutating func see(_ directory: String, files: any FileSystem = SystemFiles()) throws {
        seen = try files.contents(directory + "/checkpoint") ?? seen
    }

    /// Holds a log against all that was acknowledged, in order; returns what it holds.
    ///
    /// Entries that are not known are empty. Where its files are not on the machine's disk, they are copied there for Go.
    /// One that was not recovered has a checkpoint that does not cover all of it.
    mutating func judge(
        _ directory: String,
        files: any FileSystem = SystemFiles(),
        copy: ((String) throws -> Void)? = nil,
        known: [[UInt8]],
        isRecovered: Bool = true,
        run: String
    ) throws -> [[UInt8]] {
        let entries = try LogReader(directory: directory, files: files).entries(in: 0..<UInt64.max).map(\.bytes)
        #expect(entries.count >= known.count, "\(run): \(known.count - entries.count) acknowledged entries are lost")
        for (index, entry) in known.enumerated()
        where index < entries.count && !entry.isEmpty && entries[index] != entry {
            Issue.record("\(run): entry \(index) is not the one that was acknowledged")
            break
        }
        guard let published = try files.contents(directory + "/checkpoint") else {
            #expect(!isRecovered && seen == nil, "\(run): there is no checkpoint any more")
            return entries
        }
        let verifier = LogVerifier(directory: directory, keys: [key], files: files)
        let report = try verifier.verify()
        #expect(report.fault == nil, "\(run)")
        #expect(!isRecovered || report.verified == UInt64(entries.count), "\(run)")
        if let seen {
            let past = try verifier.checkpoint(seen, file: "the checkpoint from before")
            #expect(try verifier.verify(since: .checkpoint(past)).fault == nil, "\(run)")
        }
        try judgeWithOthers(
            directory,
            copy,
            last: entries.isEmpty || !isRecovered ? nil : UInt64(entries.count - 1),
            run
        )
        seen = published
        return entries
    }

    private mutating func judgeWithOthers(
        _ directory: String,
        _ copy: ((String) throws -> Void)?,
        last: UInt64?,
        _ run: String
    ) throws {
        guard GoVerifier.program != nil else {
            #expect(GoVerifier.isMissingAllowed, "Go has to be installed in CI")
            return
        }
        let place = try TemporaryDirectory()
        try copy?(place.path + "/log")
        var older: String?
        if let seen {
            try place.write(seen, to: "older")
            older = place.path + "/older"
        }
        let log = copy == nil ? directory : place.path + "/log"
        let answer = try GoVerifier.verify(log: log, key: key, older: older)
        #expect(answer?.status == 0, "\(run): \(answer?.output ?? "")")
        acceptedByGo += answer?.status == 0 ? 1 : 0
        judged += 1
        guard judged % Self.oneIn == 0 else { return }
        if let other = try AICSVerifier.verify(log: log, key: key, entry: last, older: older) {
            #expect(other.status == 0, "\(run): \(other.output)")
        }
    }
}
