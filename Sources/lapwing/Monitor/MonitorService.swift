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
    /// Guards the alerts that wait, which are added while others are on their way.
    private let queue: Mutex<DeliveryQueue>
    /// Guards what a scrape reads.
    private let published = Mutex(Status())
    /// Guards the findings that the console shows.
    private let shown = Mutex<[Finding]>([])

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
        let waiting: DeliveryQueue
        do { waiting = try store.queue() } catch {
            logger.error(
                "alerts that waited do not go out",
                metadata: [
                    "error": "\((error as? CommandError)?.message ?? "\(error)")",
                    "mend": "`lapwing alert list` has what they told of",
                ]
            )
            waiting = DeliveryQueue()
        }
        queue = Mutex(waiting)
    }

    var status: Status { published.withLock { $0 } }
    /// Every finding that there is, in the order in which they were opened.
    var findings: [Finding] { shown.withLock { $0 } }

    /// Follows the log until the task is cancelled.
    ///
    /// - Parameter configuration: the configuration in force; when it changes, the state is taken up under the new one, or
    ///   rebuilt from the log where the settings differ.
    func run(_ configuration: @escaping @Sendable () -> Configuration) async {
        // Receivers that do not answer hold up nothing that is to be found.
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.deliver(configuration) }
            group.addTask { await self.follow(configuration) }
        }
        // What went out while the state was written last goes out no second time.
        do { try store.save(queue.withLock { $0 }) } catch {
            logger.error("the alerts that wait cannot be written", metadata: ["error": "\(error)"])
        }
    }

    private func follow(_ configuration: @Sendable () -> Configuration) async {
        let follower = LogFollower(log)
        var run = Run(configuration(), store, logger)
        var ticks = 0
        while !Task.isCancelled {
            let current = configuration()
            // The files of rules are no part of the configuration's digest.
            if current.digest != run.configuration.digest
                || current.monitorPolicy.settings.rules != run.configuration.monitorPolicy.settings.rules
            {
                save(run)
                run = Run(current, store, logger)
            }
            await step(&run, follower)
            ticks += 1
            if ticks.isMultiple(of: 25) { watchRecord(&run) }
            if ticks.isMultiple(of: Self.saveEvery) { save(run) }
            do { try await Task.sleep(for: Self.tick) } catch { break }
        }
        save(run)
    }

    /// What one configuration's monitor holds.
    private struct Run {
        let configuration: Configuration
        let ports: ServedPorts
        var monitor: Monitor
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
            // What fails here has failed above.
            ports = (try? ServedPorts(configuration)) ?? ServedPorts()
            let policy = configuration.monitorPolicy
            let positions = store.positions()
            let kept: Monitor?
            do { kept = try store.monitor(policy.settings, declared: closure) } catch {
                logger.warning("the monitor's state is not taken up", metadata: ["error": "\(error)"])
                kept = nil
            }
            if let kept {
                monitor = kept
                for source in policy.sources {
                    followers[source.kind] = LineFollower(
                        file: source.file,
                        of: source.kind,
                        at: positions[source.file],
                        after: monitor.next[source.kind] ?? 0
                    )
                }
                return
            }
            // What was learned is gone, so that the logs are read again, as far as there are still any.
            monitor = Monitor(settings: policy.settings, declared: closure)
            for source in policy.sources {
                let (follower, first) = LineFollower.fromTheBeginning(
                    source.file,
                    of: source.kind,
                    last: positions[source.file]
                )
                followers[source.kind] = follower
                guard first > 0 else { continue }
                monitor.take(.historyLost(before: first), of: source.kind, record: first, at: .now())
                logger.warning(
                    "a log's history is lost",
                    metadata: ["log": "\(source.kind.name)", "before": "\(first)"]
                )
            }
        }
    }

    /// Reads what is new.
    private func step(_ run: inout Run, _ follower: LogFollower) async {
        let reader = LogReader(directory: log.directory)
        let end = log.stats.acknowledged
        let texts = RecordTexts()
        while (run.monitor.next[.lapwing] ?? 0) < end, !Task.isCancelled {
            do {
                if let first = try run.monitor.passOverPruned(of: reader, at: .now()) {
                    logger.warning(
                        "a log's history is lost",
                        metadata: ["log": "\(LogSource.lapwing.name)", "before": "\(first)"]
                    )
                }
                let next = run.monitor.next[.lapwing] ?? 0
                guard next < end else { break }
                let count = try follower.forEach(in: next..<min(next + Self.batch, end)) {
                    run.monitor.take($0, at: run.ports, knowing: texts)
                }
                guard count > 0 else { break }
            } catch {
                logger.error("the monitor cannot read the log", metadata: ["error": "\(error)"])
                break
            }
            await Task.yield()
        }
        for (source, follower) in run.followers.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            var follower = follower
            let records = follower.records()
            if let problem = follower.takeProblem() {
                run.monitor.take(.unreadable(problem), of: source, record: follower.position.record, at: .now())
                logger.warning("a log cannot be read", metadata: ["log": "\(source.name)", "error": "\(problem)"])
            }
            for record in records {
                guard let problem = run.monitor.observe(record, of: source, at: .now()) else { continue }
                logger.debug(
                    "a record of a log cannot be read",
                    metadata: ["log": "\(source.name)", "error": "\(problem)"]
                )
            }
            run.followers[source] = follower
        }
        announce(&run)
    }

    /// Hands out what has changed: to the log of events, and to those who want to be told.
    private func announce(_ run: inout Run) {
        let now = Timestamp.now()
        // Before what has changed waits to go out: what is over is told to nobody again.
        let findings = run.monitor.findings.findings
        shown.withLock { $0 = findings }
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
                let gone = queue.withLock {
                    $0.add(
                        route: route.name,
                        finding: finding.id,
                        severity: finding.severity,
                        body: body,
                        at: now
                    )
                }
                for item in gone { layAside(item) }
            }
        }
        let book = run.monitor.findings
        let lag = log.stats.acknowledged - min(run.monitor.next[.lapwing] ?? 0, log.stats.acknowledged)
        var status = Status(observed: run.monitor.observed, lag: lag, opened: book.opened)
        for finding in book.findings where finding.state.isActive { status.active[finding.severity, default: 0] += 1 }
        let waiting = queue.withLock { $0 }
        (status.delivered, status.givenUp) = (waiting.delivered, waiting.givenUp)
        status.waiting = waiting.items.count
        let published = status
        self.published.withLock { $0 = published }
    }

    /// Sends what is due until the task is cancelled; each route has one alert on its way at most, and waits for no other.
    private func deliver(_ configuration: @Sendable () -> Configuration) async {
        let sender = AlertSender()
        var renewal = AlertRenewal()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let routes = configuration().alertRoutes
                for item in queue.withLock({ $0.begin(at: .now()) }) {
                    let route = routes.first { $0.name == item.route }
                    group.addTask {
                        let result =
                            if let route { await sender.send(item, by: route, at: .now()) } else {
                                DeliveryQueue.Result.refused("the route is gone")
                            }
                        self.finish(item, result)
                    }
                }
                for route in routes where queue.withLock({ $0.claim(route.name) }) {
                    let bodies = renewal.bodies(for: route, of: findings, node: node, at: .now())
                    guard !bodies.isEmpty else {
                        queue.withLock { $0.release(route.name, hasArrived: false, at: .now()) }
                        continue
                    }
                    group.addTask { await self.renew(bodies, by: route, sender) }
                }
                do { try await Task.sleep(for: Self.tick) } catch { break }
            }
        }
        await sender.shutdown()
    }

    /// Tells an Alertmanager again what goes on; what does not arrive is told a minute later.
    private func renew(_ bodies: [String], by route: AlertRoute, _ sender: AlertSender) async {
        var hasArrived = true
        for body in bodies where hasArrived {
            hasArrived = await sender.send(body, by: route, at: .now()) == .delivered
        }
        if !hasArrived { logger.debug("what goes on was not told again", metadata: ["route": "\(route.name)"]) }
        queue.withLock { $0.release(route.name, hasArrived: hasArrived, at: .now()) }
    }

    private func finish(_ item: DeliveryQueue.Item, _ result: DeliveryQueue.Result) {
        if case .failed(let problem) = result {
            logger.warning("an alert did not go out", metadata: ["route": "\(item.route)", "error": "\(problem)"])
        }
        if let gone = queue.withLock({ $0.finish(item.number, result, at: .now()) }) { layAside(gone) }
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
        do { try store.save(run.monitor, queue.withLock { $0 }, positions) } catch {
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
        // The gap itself is recorded once there is room.
        if !stats.isInGap {
            run.bad.remove("gap")
        } else if run.bad.insert("gap").inserted {
            logger.critical("the disk is full; requests go on without records, and are counted")
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
