import ArgumentParser
import Foundation
import Glibc
import Resources
import WorkloadIdentity

/// `lapwing federation`: the process that exchanges bundles with other trust domains.
struct FederationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "federation",
        abstract: "Run federation alone: serve this trust domain's bundle and keys, and follow the bundles of others.",
        discussion: """
            `lapwing serve` runs it where the configuration has a BundleEndpoint, a FederatedTrustDomain or an \
            OIDCEndpoint. It holds no key but its own SVID's and those of its certificates of the web, and hands what \
            it fetches to the authority.
            """
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents)
        let logger = settings.logger("lapwing.federation")
        // What strangers send is read by the endpoints' user, to whom alone the authority answers.
        if let user = try settings.endpointsToBecome() { try user.restart() }
        let rules = try Configuration(settings: settings).federation
        guard !rules.isEmpty else {
            throw CommandError(
                .usage,
                "there is no BundleEndpoint, no FederatedTrustDomain and no OIDCEndpoint in `\(settings.config.value)`"
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
