import ArgumentParser
import Foundation
import Glibc
import Logging
import ModelTrust
import Registry
import Resources
import Storage
import ZeroTrust

/// `lapwing registry`: the process that keeps models.
struct RegistryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry",
        abstract: "Run the model registry alone: blobs, manifests and tags, behind a gateway.",
        discussion: """
            It serves on a Unix socket (`registry.sock` in the run directory) to the gateway, which is its only caller: \
            make that socket an upstream of a route for `/v2`. What each caller may do is said by a ModelRegistry.
            """
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents)
        let logger = settings.logger("lapwing.registry")
        try settings.makeDirectories()
        ProcessLife.raiseOpenFileLimit()
        let watcher = ConfigurationWatcher(path: settings.config.value)
        let configuration = try Configuration(settings: settings)
        guard let rules = configuration.registry else {
            throw CommandError(
                .usage,
                "`\(settings.config.value)` has no `ModelRegistry`; its article says how one is written"
            )
        }
        let requests = await ProcessLife.requests()
        let process = try RegistryProcess(configuration, rules: rules, logger: logger)
        try await process.server.bind(unixSocket: settings.registrySocket)
        if geteuid() == 0 { try settings.gatewayUser.value?.own(settings.registrySocket) }
        ServiceNotifier.notify("READY=1\nSTATUS=keeping models")
        logger.info("registry serving", metadata: ["socket": "\(settings.registrySocket)"])
        await process.run(until: requests, watching: watcher)
        ServiceNotifier.notify("STOPPING=1")
        await process.server.stop()
    }
}

/// The registry's parts, joined.
private struct RegistryProcess: Sendable {
    /// How often what is old is cleaned away.
    private static let cleaningInterval = Duration.seconds(3600)

    private let settings: Settings
    private let logger: Logger
    private let registry: ModelRegistry
    private let policies: PolicyCheck
    private let judging: AdmissionMemory
    let server: RegistryServer

    init(_ configuration: Configuration, rules: RegistryConfiguration, logger: Logger) throws {
        let settings = configuration.settings
        self.settings = settings
        self.logger = logger
        policies = try PolicyCheck(configuration.documents)
        let directory = settings.registryDirectory
        do {
            registry = ModelRegistry(
                configuration: rules,
                store: SQLiteRegistryStore(try SQLiteDatabase(path: directory + "/registry.sqlite", schema: .registry)),
                files: try BlobFiles(directory: directory),
                acts: RemoteActLog(socket: settings.recordSocket),
                checks: [SignatureCheck(), policies, ScanCheck(scanning: Self.scan)],
                node: settings.node.value,
                logger: logger
            )
        } catch let error as RegistryError {
            throw CommandError(.unreachable, error.message)
        }
        judging = AdmissionMemory(path: directory + "/admission.json")
        server = RegistryServer(registry, allowedUIDs: settings.gatewayUIDs, logger: logger)
    }

    /// Has a folder scanned by a process that can do nothing else.
    @Sendable private static func scan(_ folder: String) throws -> ScanReport {
        let tree = ScanTree(folder)
        return ScanReport(files: try ScanSupervisor(tree.entries, memory: 1 << 30).run(), findings: tree.findings)
    }

    /// Keeps the rules as the files say, and the disk clean, until asked to stop.
    func run(until requests: AsyncStream<ProcessLife.Request>, watching watcher: ConfigurationWatcher) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await clean()
                    try? await Task.sleep(for: Self.cleaningInterval)
                }
            }
            let (rounds, ask) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            ask.yield()
            group.addTask { await judge(rounds, again: ask) }
            group.addTask {
                var watcher = watcher
                while (try? await watcher.change()) != nil {
                    reload()
                    ask.yield()
                }
            }
            for await request in requests {
                guard request == .reload else { break }
                reload()
                ask.yield()
            }
            group.cancelAll()
        }
    }

    /// Judges at each asking.
    ///
    /// Where something could not be judged, or not recorded, it asks again later by itself, and since that may take
    /// hashing everything, ever more seldom. Whoever asks meanwhile is heard at once.
    private func judge(_ rounds: AsyncStream<Void>, again ask: AsyncStream<Void>.Continuation) async {
        var wait = Duration.seconds(30)
        var retry: Task<Void, Never>?
        defer { retry?.cancel() }
        for await _ in rounds {
            retry?.cancel()
            guard await !judgeAgain() else {
                wait = .seconds(30)
                continue
            }
            let pause = wait
            wait = min(wait * 2, .seconds(3600))
            retry = Task { if (try? await Task.sleep(for: pause)) != nil { ask.yield() } }
        }
    }

    private func clean() async {
        do {
            let cleaning = try await registry.clean()
            guard cleaning.uploads + cleaning.blobs > 0 else { return }
            logger.info(
                "cleaned",
                metadata: ["uploads": "\(cleaning.uploads)", "blobs": "\(cleaning.blobs)"]
            )
        } catch {
            logger.error("cleaning failed", metadata: ["error": "\(error)"])
        }
    }

    /// Judges again what other rules or policies may judge otherwise; returns whether all of it was.
    private func judgeAgain() async -> Bool {
        do {
            try forgetOthers()
            let caller = RegistryCaller(
                id: try SPIFFEID("spiffe://\(settings.trustDomain.value)/lapwing/registry"),
                request: RequestID(milliseconds: Timestamp.now().milliseconds, random: .random(in: 0 ... .max))
            )
            try await registry.judgeAgain(since: judging.known, by: caller) { try judging.remember($0, $1) }
            return try await registry.isJudged(by: judging.known)
        } catch {
            logger.error("not judged again by the rules in force", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// What was judged by other terms than those in force is not known to be judged.
    private func forgetOthers() throws {
        try judging.forget { repository, terms in RepositoryName(repository).map(registry.terms) == terms }
    }

    private func reload() {
        do {
            let configuration = try Configuration(settings: settings)
            guard let rules = configuration.registry else {
                throw CommandError(.usage, "there is no ModelRegistry any more")
            }
            try policies.replace(configuration.documents)
            registry.replace(rules)
            try forgetOthers()
            logger.info("rules reloaded")
        } catch {
            logger.error("configuration refused; the rules in force stay", metadata: ["error": "\(error)"])
        }
    }
}

extension Settings {
    /// Where the registry listens to the gateway.
    var registrySocket: String { runtime.value + "/registry.sock" }
    /// Where the gateway takes records of acts.
    var recordSocket: String { gatewayDirectory + "/record.sock" }
    /// Where the registry keeps what it holds.
    var registryDirectory: String { state.value + "/registry" }
}
