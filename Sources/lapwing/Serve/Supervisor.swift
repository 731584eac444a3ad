import Foundation
import Glibc
import Logging
import Synchronization
import UnixSignals

/// Runs the authority and the gateway as processes of their own, so that the one that parses hostile bytes never holds
/// a key but its own.
///
/// The authority starts first. Where either dies it is started again after a pause that doubles to 30 s; the gateway
/// keeps refusing what it cannot check in the meantime. A stop drains the gateway first.
final class Supervisor: Sendable {
    /// One supervised process and how it is started.
    struct Role: Sendable {
        let name: String
        let arguments: [String]
        /// How long it may take until it says that it is ready.
        let startTimeout: Duration
        /// The user that the process becomes; nil where it stays ours.
        var user: SystemUser?
    }

    private enum Phase {
        case running([String: ChildProcess])
        case stopping
    }

    private let roles: [Role]
    private let runtimeDirectory: String
    private let logger: Logger
    /// Guards which processes run, and whether they may be started again.
    private let phase = Mutex<Phase>(.running([:]))

    /// Says what may be to blame where a role does not start; nil where nothing is known.
    private let advice: @Sendable () -> String?

    init(
        roles: [Role],
        runtimeDirectory: String,
        logger: Logger,
        advice: @escaping @Sendable () -> String? = { nil }
    ) {
        self.roles = roles
        self.advice = advice
        self.runtimeDirectory = runtimeDirectory
        self.logger = logger
    }

    /// Starts every role in order, then keeps them running until a signal asks to stop.
    ///
    /// - Throws: ``CommandError`` where a role does not become ready at the first start.
    func run() async throws {
        _ = try ProcessLife.ownPath.get()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals {
                    guard signal == .sighup else { break }
                    self.forward(SIGHUP)
                }
                ServiceNotifier.notify("STOPPING=1")
                self.logger.info("stopping")
                await self.stop()
                throw CancellationError()
            }
            group.addTask {
                do {
                    for role in self.roles where self.isRunning { try await self.start(role) }
                } catch {
                    // A role that was stopped while it started has not failed.
                    guard self.isRunning else { return }
                    await self.stop()
                    throw error
                }
                guard self.isRunning else { return }
                ServiceNotifier.notify("READY=1\nSTATUS=serving")
                let names = self.roles.map(\.name).joined(separator: ",")
                self.logger.info("ready", metadata: ["roles": "\(names)"])
                await withTaskGroup(of: Void.self) { group in
                    for role in self.roles { group.addTask { await self.keepRunning(role) } }
                }
            }
            do { while try await group.next() != nil {} } catch is CancellationError {}
            group.cancelAll()
        }
    }

    private func start(_ role: Role) async throws {
        let listener = try NotificationListener(
            path: runtimeDirectory + "/notify-\(role.name).sock",
            for: role.user
        )
        let child = try ChildProcess(arguments: role.arguments, notifySocket: listener.path)
        phase.withLock {
            switch $0 {
            case .running(var children):
                children[role.name] = child
                $0 = .running(children)
            case .stopping: child.terminate()
            }
        }
        let ready = await child.becomesReady(listener, within: role.startTimeout)
        guard ready else {
            let why = child.isRunning ? "did not become ready in \(role.startTimeout)" : "ended at its start"
            // It has ended before another of its kind is started: both would want the same locks.
            await child.end(within: .seconds(10))
            let words = ["the \(role.name) \(why); its messages stand above", advice()].compactMap(\.self)
            throw CommandError(.unreachable, words.joined(separator: ". "))
        }
        logger.info("started", metadata: ["role": "\(role.name)", "pid": "\(child.processIdentifier)"])
    }

    private func keepRunning(_ role: Role) async {
        var pause = Duration.milliseconds(200)
        while let child = current(role.name) {
            let begun = ContinuousClock.now
            let status = await child.ended()
            guard isRunning else { return }
            logger.error("ended unexpectedly", metadata: ["role": "\(role.name)", "status": "\(status)"])
            if ContinuousClock.now - begun > .seconds(60) { pause = .milliseconds(200) }
            while isRunning {
                do {
                    try await Task.sleep(for: pause)
                    pause = min(pause * 2, .seconds(30))
                    try await start(role)
                    break
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("restart failed", metadata: ["role": "\(role.name)", "error": "\(error)"])
                }
            }
        }
    }

    private var isRunning: Bool {
        phase.withLock { if case .running = $0 { true } else { false } }
    }

    private func current(_ name: String) -> ChildProcess? {
        phase.withLock { if case .running(let children) = $0 { children[name] } else { nil } }
    }

    private func forward(_ signal: Int32) {
        phase.withLock {
            if case .running(let children) = $0 { for child in children.values { child.signal(signal) } }
        }
    }

    /// Stops the roles, the last started first, each given time to drain.
    private func stop() async {
        let children = phase.withLock { phase -> [String: ChildProcess] in
            guard case .running(let children) = phase else { return [:] }
            phase = .stopping
            return children
        }
        for role in roles.reversed() { await children[role.name]?.end(within: .seconds(40)) }
    }
}
