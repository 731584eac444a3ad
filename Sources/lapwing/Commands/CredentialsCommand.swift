import ArgumentParser
import CloudIdentity
import Foundation
import Glibc
import Logging
import Resources
import Synchronization
import ZeroTrust

/// `lapwing credentials`: the process that gives local workloads credentials of a cloud.
struct CredentialsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials",
        abstract: "Run the credential endpoint alone: what a stock AWS SDK asks on 127.0.0.1.",
        discussion: """
            `lapwing serve` runs it where the configuration has a CloudCredentials resource. A caller is told by the \
            owner of its connection, and gets credentials of the role that the resource gives to its SPIFFE ID.
            """
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents)
        let logger = settings.logger("lapwing.credentials")
        // The authority answers the gateway's user alone.
        if geteuid() == 0, let user = settings.gatewayUser.value { try user.restart() }
        guard let rules = try Configuration(settings: settings).credentials else {
            throw CommandError(.usage, "there is no CloudCredentials resource in `\(settings.config.value)`")
        }
        let requests = await ProcessLife.requests()
        let watcher = ConfigurationWatcher(path: settings.config.value)
        let process = CredentialsProcess(settings: settings, rules: rules, logger: logger)
        let server: CredentialServer
        do { server = try await CredentialServer.start(port: rules.port) { await process.answer($0) } } catch {
            throw CommandError(.unreachable, SystemReason.cannotListen(on: "127.0.0.1", port: rules.port, error))
        }
        ServiceNotifier.notify("READY=1\nSTATUS=giving credentials at \(server.url)")
        logger.info("credentials serving", metadata: ["url": "\(server.url)", "roles": "\(rules.roles.count)"])
        await process.run(until: requests, watching: watcher)
        ServiceNotifier.notify("STOPPING=1")
        try? await server.stop()
    }
}

/// The endpoint with the rules that are in force.
private final class CredentialsProcess: Sendable {
    private let settings: Settings
    private let logger: Logger
    private let port: Int
    /// Guards the endpoint, which a reload replaces whole.
    private let endpoint: Mutex<CredentialEndpoint>

    init(settings: Settings, rules: CredentialRules, logger: Logger) {
        self.settings = settings
        self.logger = logger
        self.port = rules.port
        self.endpoint = Mutex(Self.endpoint(rules, settings, logger))
    }

    func answer(_ connection: CredentialEndpoint.Connection) async -> CredentialEndpoint.Answer {
        let endpoint = endpoint.withLock { $0 }
        return await endpoint.answer(connection)
    }

    private static func endpoint(_ rules: CredentialRules, _ settings: Settings, _ logger: Logger) -> CredentialEndpoint
    {
        let callers = RemoteCallers(socket: settings.adminSocket)
        let sts = STSClient(endpoint: rules.endpoint, authoritiesFile: rules.authoritiesFile)
        let record = IdentityRecord(settings)
        return CredentialEndpoint(
            rules,
            sources: .init(
                identities: callers.identities,
                token: callers.token,
                exchange: { try await sts.assumeRole($0, token: $1) },
                record: { act in
                    try await record.record(
                        actor: act.id.description,
                        action: "identity.credentials.issue",
                        subject: act.roleARN ?? "",
                        after: act.accessKeyID,
                        outcome: act.accessKeyID != nil ? .allow : act.isFailure ? .failed : .deny,
                        reason: act.reason
                    )
                }
            ),
            logger: logger
        )
    }

    func run(until requests: AsyncStream<ProcessLife.Request>, watching watcher: ConfigurationWatcher) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var watcher = watcher
                while (try? await watcher.change()) != nil { self.reload() }
            }
            for await request in requests {
                guard request == .reload else { break }
                reload()
            }
            group.cancelAll()
        }
    }

    private func reload() {
        do {
            guard let rules = try Configuration(settings: settings).credentials else {
                throw CommandError(.usage, "there is no CloudCredentials any more; it goes with the next start")
            }
            guard rules.port == port else {
                throw CommandError(.usage, "the port of CloudCredentials cannot change while Lapwing runs")
            }
            let next = Self.endpoint(rules, settings, logger)
            endpoint.withLock { $0 = next }
            logger.info("rules reloaded")
        } catch {
            logger.error("configuration refused; the rules in force stay", metadata: ["error": "\(error)"])
        }
    }
}
