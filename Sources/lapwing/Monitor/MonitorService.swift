import AuditLog
import Foundation
import Logging
import Monitoring
import Synchronization
import ZeroTrust

/// The monitor of a running node: it follows the log a moment behind, beside the path of requests and never on it.
final class MonitorService: Sendable {
    /// What metrics tell.
    struct Status: Sendable {
        var observed: UInt64 = 0
        var lag: UInt64 = 0
        var opened: [FindingType: [Severity: UInt64]] = [:]
        var active: [Severity: Int] = [:]
        var delivered: [String: UInt64] = [:]
        var givenUp: [String: UInt64] = [:]
        var waiting = 0
    }

    private let log: LogWriter
    private let logger: Logger
    private let store: MonitorStore
    private let node: String
    /// Guards what a scrape reads.
    private let published = Mutex(Status())

    private static let tick = Duration.milliseconds(200)
    private static let batch: UInt64 = 4_096
    /// Ticks between two times that the state is written.
    private static let saveEvery = 150
    /// What is older than this when it is found, in a log that is read again, is listed and not sent.
    private static let freshness: Int64 = 3_600_000_000_000

    init(log: LogWriter, settings: Settings, logger: Logger) {
        self.log = log
        self.logger = logger
        self.store = MonitorStore(directory: settings.monitorDirectory)
        self.node = settings.node.value
    }

    var status: Status { published.withLock { $0 } }

    /// Follows the log until the task is cancelled.
    ///
    /// - Parameter configuration: the configuration in force; when it changes, the state is taken up under the new one, or
    ///   rebuilt from the log where the settings differ.
    func run(_ configuration: @Sendable () -> Configuration) async {
        let sender = AlertSender()
        var run = Run(configuration(), store, logger)
        var ticks = 0
        while !Task.isCancelled {
            let current = configuration()
            if current.digest != run.configuration.digest {
                save(run)
                run = Run(current, store, logger)
            }
            await step(&run)
            await deliver(&run, sender)
            ticks += 1
            if ticks.isMultiple(of: 25) { watchRecord(&run) }
            if ticks.isMultiple(of: Self.saveEvery) { save(run) }
            do { try await Task.sleep(for: Self.tick) } catch { break }
        }
        save(run)
        await sender.shutdown()
    }

    /// What one configuration's monitor holds.
    private struct Run {
        let configuration: Configuration
        var monitor: Monitor
        var queue: DeliveryQueue
        var followers: [LogSource: LineFollower] = [:]
        /// Readings that were put into the log and are still bad, so that each is told of once.
        var bad: Set<String> = []

        init(_ configuration: Configuration, _ store: MonitorStore, _ logger: Logger) {
            self.configuration = configuration
            let closure: PolicyClosure?
            do { closure = try PolicyClosure(configuration) } catch {
                logger.error("the policies' closure cannot be made", metadata: ["error": "\(error)"])
                closure = nil
            }
            let policy = configuration.monitorPolicy
            monitor =
                store.monitor(policy.settings, declared: closure)
                ?? Monitor(settings: policy.settings, declared: closure)
            queue = store.queue()
            for source in policy.sources {
                followers[source.kind] = LineFollower(
                    file: source.file,
                    at: store.positions()[source.file],
                    after: monitor.next[source.kind] ?? 0
                )
            }
        }
    }

    /// Reads what is new.
    private func step(_ run: inout Run) async {
        let reader = LogReader(directory: log.directory)
        let end = log.stats.acknowledged
        while (run.monitor.next[.lapwing] ?? 0) < end, !Task.isCancelled {
            let next = run.monitor.next[.lapwing] ?? 0
            do {
                let entries = try reader.entries(in: next..<min(next + Self.batch, end))
                guard !entries.isEmpty else { break }
                for entry in entries { run.monitor.take(entry) }
            } catch {
                logger.error("the monitor cannot read the log", metadata: ["error": "\(error)"])
                break
            }
            await Task.yield()
        }
        for (source, follower) in run.followers.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            var follower = follower
            for line in follower.lines() {
                do {
                    let seen = try LogParser.observation(in: line.bytes, of: source, record: line.record)
                    if let seen { run.monitor.observe(seen) }
                } catch {
                    logger.debug(
                        "a line of a log cannot be read",
                        metadata: ["log": "\(source.name)", "error": "\(error)"]
                    )
                }
                run.monitor.skip(to: line.record + 1, of: source)
            }
            run.followers[source] = follower
        }
        announce(&run)
    }

    /// Hands out what has changed: to the log of events, and to those who want to be told.
    private func announce(_ run: inout Run) {
        let now = Timestamp.now()
        for finding in run.monitor.takeChanges() {
            guard now.nanoseconds - finding.updated.nanoseconds < Self.freshness || finding.state.actor != nil else {
                continue
            }
            if case .open = finding.state {
                logger.warning(
                    "finding",
                    metadata: [
                        "finding.id": "\(finding.id)", "finding.type": "\(finding.type.name)",
                        "finding.severity": "\(finding.severity.name)", "finding.cause": "\(finding.cause)",
                    ]
                )
            }
            for route in run.configuration.alertRoutes where route.takes(finding) {
                let body = route.body(finding, node: node)
                for gone in run.queue.add(route: route.name, finding: finding.id, body: body, at: now) {
                    layAside(gone)
                }
            }
        }
        let book = run.monitor.findings
        let lag = log.stats.acknowledged - min(run.monitor.next[.lapwing] ?? 0, log.stats.acknowledged)
        var status = Status(observed: run.monitor.observed, lag: lag, opened: book.opened)
        for finding in book.findings where finding.state.isActive { status.active[finding.severity, default: 0] += 1 }
        (status.delivered, status.givenUp) = (run.queue.delivered, run.queue.givenUp)
        status.waiting = run.queue.items.count
        let published = status
        self.published.withLock { $0 = published }
    }

    private func deliver(_ run: inout Run, _ sender: AlertSender) async {
        let routes = run.configuration.alertRoutes
        let due = run.queue.due(at: .now())
        guard !due.isEmpty else { return }
        // Each route by itself, so that one that does not answer holds up no other for longer than its own time limit.
        let results = await withTaskGroup(of: (DeliveryQueue.Item, DeliveryQueue.Result).self) { group in
            for item in due {
                guard let route = routes.first(where: { $0.name == item.route }) else {
                    group.addTask { (item, .refused("the route is gone")) }
                    continue
                }
                group.addTask { (item, await sender.send(item, by: route, at: .now())) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for (item, result) in results {
            if case .failed(let problem) = result {
                logger.warning("an alert did not go out", metadata: ["route": "\(item.route)", "error": "\(problem)"])
            }
            if let gone = run.queue.finish(item.number, result, at: .now()) { layAside(gone) }
        }
    }

    private func layAside(_ item: DeliveryQueue.Item) {
        logger.error(
            "an alert was given up",
            metadata: ["route": "\(item.route)", "finding.id": "\(item.finding)", "error": "\(item.problem)"]
        )
        do { try store.layAside(item) } catch {
            logger.error("the alert cannot be laid aside", metadata: ["error": "\(error)"])
        }
    }

    private func save(_ run: Run) {
        var positions: [String: LineFollower.Position] = [:]
        for follower in run.followers.values { positions[follower.file] = follower.position }
        do { try store.save(run.monitor, run.queue, positions) } catch {
            logger.error("the monitor's state cannot be written", metadata: ["error": "\(error)"])
        }
    }

    /// Puts into the log what is wrong with the log itself, once for as long as it is, so that a replay knows it too.
    private func watchRecord(_ run: inout Run) {
        let stats = log.stats
        var readings: [(key: String, isBad: Bool, reading: IntegrityReading)] = [
            (
                "checkpoint", stats.checkpointLag > run.configuration.monitorPolicy.settings.checkpointAge,
                .checkpointAge(seconds: stats.checkpointLag)
            )
        ]
        if let witnesses = stats.witnesses {
            let all = max(run.configuration.auditPolicy.witnesses?.witnesses.count ?? 0, witnesses.faults)
            readings.append(("witnesses", witnesses.faults > 0, .witnessesMissing(witnesses.faults, of: all)))
        }
        for (key, isBad, reading) in readings {
            guard isBad else {
                run.bad.remove(key)
                continue
            }
            guard run.bad.insert(key).inserted else { continue }
            let now = Timestamp.now()
            let act = ActRecord(
                id: RequestID(milliseconds: now.milliseconds, random: .random(in: 0 ... .max)),
                time: now,
                node: node,
                actor: "monitor",
                action: reading.act.action,
                subject: reading.act.subject,
                outcome: .allow
            )
            do { _ = try log.append(act.encoded()) } catch {
                logger.error("a reading cannot be recorded", metadata: ["error": "\(error)"])
            }
        }
    }
}
