import ArgumentParser
import Foundation
import Glibc
import Logging
import Resources

/// `lapwing gateway`: the process that carries traffic.
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Run the gateway alone: mTLS listeners, policy, forwarding, the record."
    )

    @OptionGroup var options: SettingsOptions
    @OptionGroup var source: IdentitySourceOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents, source: source)
        let logger = settings.logger("lapwing.gateway")
        try settings.makeDirectories()
        ProcessLife.raiseOpenFileLimit()
        // From here on nothing is root's that need not be: what strangers send is read by another user.
        if geteuid() == 0, let user = settings.gatewayUser.value { try user.restart() }
        // What changes from here on is noticed, however long the start takes.
        let watcher = ConfigurationWatcher(path: settings.config.value)
        let configuration = try Configuration(settings: settings)
        for warning in configuration.warnings { logger.warning("configuration", metadata: ["warning": "\(warning)"]) }
        guard !configuration.gateways.isEmpty else {
            throw CommandError(
                .usage,
                "`\(settings.config.value)` has no `Gateway`; `lapwing init DIR` writes an example"
            )
        }
        let requests = await ProcessLife.requests()
        let process = try GatewayProcess(configuration: configuration, logger: logger)
        try await process.run(until: requests, watching: watcher)
    }
}
