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

    init(roles: [Role], runtimeDirectory: String, logger: Logger) {
        self.roles = roles
        self.runtimeDirectory = runtimeDirectory
        self.logger = logger
    }

    /// Starts every role in order, then keeps them running until a signal asks to stop.
    ///
    /// - Throws: ``CommandError`` where a role does not become ready at the first start.
    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        do {
            for role in roles { try await start(role) }
        } catch {
            await stop()
            throw error
        }
        ServiceNotifier.notify("READY=1\nSTATUS=serving")
        logger.info("ready", metadata: ["roles": "\(roles.map(\.name).joined(separator: ","))"])
        await withTaskGroup(of: Void.self) { group in
            for role in roles { group.addTask { await self.keepRunning(role) } }
            for await signal in signals {
                if signal == .sighup {
                    forward(SIGHUP)
                    continue
                }
                break
            }
            ServiceNotifier.notify("STOPPING=1")
            logger.info("stopping")
            await stop()
            group.cancelAll()
        }
    }

    private func start(_ role: Role) async throws {
        let listener = try NotificationListener(path: runtimeDirectory + "/notify-\(role.name).sock")
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
            child.terminate()
            let why = child.isRunning ? "did not become ready in \(role.startTimeout)" : "ended at its start"
            throw CommandError(.unreachable, "the \(role.name) \(why); its messages stand above")
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
        for role in roles.reversed() {
            guard let child = children[role.name] else { continue }
            child.terminate()
            let killer = Task {
                try await Task.sleep(for: .seconds(40))
                child.signal(SIGKILL)
            }
            _ = await child.ended()
            killer.cancel()
        }
    }
}
