import AuditLog
import Logging
import Synchronization

/// Brings the node's records to the sinks of the policy in force, each at its own pace and none at a request's expense.
struct SinkRounds: Sendable {
    let log: LogWriter
    let logger: Logger
    let node: String
    /// Where each sink's cursor lies.
    let directory: String
    /// The sinks in force; they change with the configuration.
    let sinks: @Sendable () -> [AuditSink]

    /// How long a sink that has everything is left alone.
    private static let pause = Duration.milliseconds(250)
    private static let longestDelay = Duration.seconds(30)

    /// Runs every sink until cancelled.
    func run() async {
        let running = RunningSinks()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                // A name that was given to another sink waits until the one that had it has stopped: they share a cursor.
                for sink in sinks() {
                    guard running.begin(sink) else { continue }
                    group.addTask {
                        await run(sink)
                        running.end(sink)
                    }
                }
                do { try await Task.sleep(for: Self.pause) } catch { break }
            }
        }
    }

    private func run(_ sink: AuditSink) async {
        let metadata: Logger.Metadata = ["sink": "\(sink.name)"]
        var delay = Self.pause
        var problem: String?
        var refused: UInt64 = 0
        var runner: SinkRunner?
        var otlp: OTLPSink?
        while !Task.isCancelled, sinks().contains(sink) {
            do {
                if runner == nil { (runner, otlp) = try await open(sink) }
                let round = try await runner?.round()
                if let status = runner?.status, status.refused > refused {
                    refused = status.refused
                    logger.error(
                        "a sink refuses records, which stay in the log",
                        metadata: metadata.merging(["refused": "\(refused)", "error": "\(status.refusal ?? "")"]) { $1 }
                    )
                }
                if problem != nil {
                    problem = nil
                    logger.notice("a sink takes records again", metadata: metadata)
                }
                delay = Self.pause
                if round == .moved { continue }
            } catch {
                let words = (error as? CommandError)?.message ?? "\(error)"
                if problem != words {
                    problem = words
                    logger.warning(
                        "a sink takes no records; it goes on where it is once it does",
                        metadata: metadata.merging(["error": "\(words)"]) { $1 }
                    )
                }
                delay = min(delay * 2, Self.longestDelay)
            }
            do { try await Task.sleep(for: delay) } catch { break }
        }
        await otlp?.shutdown()
    }

    private func open(_ sink: AuditSink) async throws -> (SinkRunner, OTLPSink?) {
        let reader = LogReader(directory: log.directory)
        let otlp: OTLPSink?
        let target: any RecordSink
        switch sink.target {
        case .file(let path, let format):
            otlp = nil
            target = FileSink(
                path: path,
                format: format,
                exporter: OCSFExporter(origin: log.origin, productVersion: Version.current)
            )
        case .otlp(let endpoint, let headers):
            let made = try OTLPSink(
                endpoint: endpoint,
                headersFile: headers,
                exporter: OTLPExporter(node: node, origin: log.origin, productVersion: Version.current),
                onPartial: { answer in
                    logger.error(
                        "a sink took records in part only",
                        metadata: [
                            "sink": "\(sink.name)", "rejected": "\(answer.rejected)", "error": "\(answer.message)",
                        ]
                    )
                },
                onTraces: { problem in
                    logger.warning(
                        "a sink takes logs and no traces",
                        metadata: ["sink": "\(sink.name)", "error": "\(problem)"]
                    )
                }
            )
            (otlp, target) = (made, made)
        }
        do {
            let runner = try SinkRunner(
                log: reader,
                sink: target,
                cursor: "\(directory)/\(sink.name).cursor",
                start: sink.startsNow ? log.stats.acknowledged : 0,
                durable: { [log] in log.stats.acknowledged }
            )
            return (runner, otlp)
        } catch {
            // A client of HTTP must not be let go of before it is shut.
            await otlp?.shutdown()
            throw error
        }
    }
}

/// The sinks that run.
private final class RunningSinks: Sendable {
    /// Guards them.
    private let sinks = Mutex<Set<AuditSink>>([])

    /// Takes a sink in, unless one of its name runs.
    func begin(_ sink: AuditSink) -> Bool {
        sinks.withLock { sinks in
            guard !sinks.contains(where: { $0.name == sink.name }) else { return false }
            return sinks.insert(sink).inserted
        }
    }

    /// A sink has stopped.
    func end(_ sink: AuditSink) { sinks.withLock { _ = $0.remove(sink) } }
}
