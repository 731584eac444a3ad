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
        /// Why not all could be read; empty where it could.
        var problem = ""
    }

    /// The most entries that are read at once when the picture is begun, or was left behind for long.
    static let window: UInt64 = 50_000
    private static let batch: UInt64 = 4_096

    private let log: LogWriter
    private let work: ConsoleWork
    private var view: View?
    /// When the log was read last.
    private var read: ContinuousClock.Instant?
    /// The reading that is under way, for whoever else asks meanwhile.
    private var reading: Task<View, Never>?

    /// How old a picture may be: reading the log once does for all pages that are asked for meanwhile.
    private static let freshness = Duration.milliseconds(400)

    init(log: LogWriter, work: ConsoleWork) {
        self.log = log
        self.work = work
    }

    /// Reads what is new.
    func update(_ callees: Callees) async -> View {
        if let view, let read, ContinuousClock.now - read < Self.freshness { return view }
        if let reading { return await reading.value }
        let log = log
        let work = work
        let known = view
        let task = Task<View, Never> {
            do {
                return try await work.run { ConsoleFeed.extended(known, from: log, callees) }
            } catch {
                var view = known ?? View()
                view.problem = ConsoleService.words(error)
                return view
            }
        }
        reading = task
        let new = await task.value
        view = new
        read = ContinuousClock.now
        reading = nil
        return new
    }

    /// What was known, with what the log has gained.
    private static func extended(_ known: View?, from log: LogWriter, _ callees: Callees) -> View {
        let end = log.stats.acknowledged
        let reader = LogReader(directory: log.directory)
        var problem = ""
        var minimum: UInt64 = 0
        do { minimum = try reader.minimumIndex() } catch { problem = ConsoleService.words(error) }
        // What was pruned is not there to be counted.
        let least = max(end > window ? end - window : 0, minimum)
        var view = known ?? View(first: least, next: least)
        // What nobody looked at for long is begun anew.
        if view.next < least { view = View(first: least, next: least) }
        while view.next < end {
            var entries: [LogReader.Entry] = []
            do {
                entries = try reader.entries(in: view.next..<min(view.next + batch, end))
            } catch {
                problem = ConsoleService.words(error)
            }
            guard let last = entries.last else { break }
            for entry in entries { take(entry, callees, &view.picture) }
            view.next = last.index + 1
        }
        view.problem = problem
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
