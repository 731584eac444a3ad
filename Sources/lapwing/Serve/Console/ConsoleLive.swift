import AuditLog
import Console
import Foundation
import Monitoring
import ZeroTrust

/// New rows, and the numbers that change, for one page that stays open.
actor ConsoleLive {
    private var after: UInt64?
    private let feed: ConsoleFeed
    private let process: GatewayProcess
    private let isWelcome: @Sendable () -> Bool
    private var hasBegun = false
    private var hasEnded = false
    private var numbers = ""
    private var quiet = 0

    private static let interval = Duration.seconds(1)
    /// The rows of one second that are shown; further ones are in the log.
    private static let maximumRows = 20

    init(
        after: UInt64?,
        feed: ConsoleFeed,
        process: GatewayProcess,
        isWelcome: @escaping @Sendable () -> Bool
    ) {
        self.after = after
        self.feed = feed
        self.process = process
        self.isWelcome = isWelcome
    }

    /// What is to be sent next; nil once all is over.
    func next() async -> String? {
        guard !hasEnded else { return nil }
        guard hasBegun else {
            hasBegun = true
            return "retry: 3000\n\n"
        }
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.interval) } catch { return nil }
            guard isWelcome() else {
                hasEnded = true
                return "event: end\ndata: {}\n\n"
            }
            let text = await events()
            quiet = text.isEmpty ? quiet + 1 : 0
            if !text.isEmpty { return text }
            if quiet >= 15 {
                quiet = 0
                return ": here\n\n"
            }
        }
        return nil
    }

    private func events() async -> String {
        let view = await feed.update(Callees(process))
        let now = Timestamp.now()
        let last = view.picture.rows.last?.entry
        let rows = after.map { view.picture.rows(after: $0) } ?? []
        after = last ?? after
        var text = ""
        for row in rows.suffix(Self.maximumRows) {
            let line = RecordRow(row)
            text +=
                "id: \(row.entry)\nevent: row\ndata: "
                + Self.json(Row(i: line.id, c: line.texts(now: now), g: line.policy != nil)) + "\n\n"
        }
        let stats = process.log.stats
        let active = process.monitor.findings.count { $0.state.isActive }
        let changed = Self.json([
            "findings": "\(active)", "log": Count.text(stats.acknowledged),
            "checkpoint": stats.checkpointAge.map { Count.span($0) } ?? "none",
        ])
        if changed != numbers {
            numbers = changed
            text += "event: numbers\ndata: \(changed)\n\n"
        }
        return text
    }

    private struct Row: Encodable {
        let i: String
        let c: [String]
        let g: Bool
    }

    /// On one line, as an event has it.
    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
