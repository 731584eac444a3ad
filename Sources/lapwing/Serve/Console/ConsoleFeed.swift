import AuditLog
import Console
import Foundation
import ZeroTrust

/// The picture of the newest records, brought up to date when a page is asked for; nothing is read while nobody looks.
actor ConsoleFeed {
    /// The picture, and of what it is made.
    struct View: Sendable {
        var picture = TrafficPicture()
        /// The first entry that was read.
        var first: UInt64 = 0
        /// The entry that is read next.
        var next: UInt64 = 0
    }

    /// The most entries that are read at once when the picture is begun, or was left behind for long.
    static let window: UInt64 = 50_000
    private static let batch: UInt64 = 4_096

    private let log: LogWriter
    private var view: View?
    /// When the log was read last.
    private var read: ContinuousClock.Instant?

    /// How old a picture may be: reading the log once does for all pages that are asked for meanwhile.
    private static let freshness = Duration.milliseconds(400)

    init(log: LogWriter) {
        self.log = log
    }

    /// Reads what is new.
    func update(_ callees: Callees) async -> View {
        let now = ContinuousClock.now
        if let view, let read, now - read < Self.freshness { return view }
        read = now
        let end = log.stats.acknowledged
        let reader = LogReader(directory: log.directory)
        // What was pruned is not there to be counted.
        let least = max(end > Self.window ? end - Self.window : 0, (try? reader.minimumIndex()) ?? 0)
        var view = self.view ?? View(first: least, next: least)
        // What nobody looked at for long is begun anew.
        if view.next < least { view = View(first: least, next: least) }
        while view.next < end {
            guard let entries = try? reader.entries(in: view.next..<min(view.next + Self.batch, end)),
                let last = entries.last
            else { break }
            for entry in entries { Self.take(entry, callees, &view.picture) }
            view.next = last.index + 1
        }
        self.view = view
        return view
    }

    private static func take(_ entry: LogReader.Entry, _ callees: Callees, _ picture: inout TrafficPicture) {
        guard let record = try? entry.record() else { return }
        switch record {
        case .decision(let decision): picture.take(Sighting(decision, entry: entry.index, callees))
        case .completion(let completion):
            // What was found in an answer that was given all the same is no refusal.
            if completion.ending == .answerRefused { picture.take(refusedAnswerAt: completion.time) }
        case .refusals(let refusals): picture.take(refusals: refusals.count, at: refusals.second)
        case .act(let act):
            guard act.action == "identity.x509.issue", act.outcome == .allow,
                let text = act.reason?.split(separator: "expires ").last, let expires = Timestamp(text)
            else { return }
            picture.take(TrafficPicture.Issuance(issued: act.time, expires: expires), of: act.subject)
        case .bodies, .sampling: return
        }
    }
}
