import ArgumentParser
import Foundation
import Resources
import WorkloadIdentity

/// `lapwing federation`: the process that exchanges bundles with other trust domains.
struct FederationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "federation",
        abstract: "Run federation alone: serve this trust domain's bundle, and follow the bundles of others.",
        discussion: """
            `lapwing serve` runs it where the configuration has a BundleEndpoint or a FederatedTrustDomain. It holds no
            key but its own SVID's, and hands what it fetches to the authority.
            """
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents)
        let logger = settings.logger("lapwing.federation")
        let rules = try Configuration(settings: settings).federation
        guard !rules.isEmpty else {
            throw CommandError(
                .usage,
                "there is no BundleEndpoint and no FederatedTrustDomain in `\(settings.config.value)`"
            )
        }
        let requests = await ProcessLife.requests()
        let watcher = ConfigurationWatcher(path: settings.config.value)
        let process = FederationProcess(settings: settings, logger: logger)
        try await process.start(rules)
        ServiceNotifier.notify("READY=1\nSTATUS=federating with \(rules.trustDomains.count) trust domains")
        await process.run(until: requests, watching: watcher)
        ServiceNotifier.notify("STOPPING=1")
        await process.stop()
    }
}
