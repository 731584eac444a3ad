import ArgumentParser
import Foundation
import Resources
import WorkloadIdentity

/// `lapwing serve`: everything that one machine needs, from one command.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the authority and the gateway, supervised, from one configuration.",
        discussion: """
            Two processes are started and kept running: the authority, which holds the CA and log-signing keys and \
            speaks the Workload API, and the gateway, which carries traffic and holds no key but its own SVID's. Where \
            the configuration has a ModelRegistry, a third keeps models; where it has CloudCredentials, a fourth gives \
            workloads credentials of AWS; where it federates with other trust domains, one exchanges bundles with \
            them, and shows clouds the keys of tokens where there is an OIDCEndpoint; and where it has an \
            AttestationEndpoint, one is asked by workloads of other machines. Started as root with --gateway-user, the \
            gateway is that user and cannot reach what is the authority's. SIGHUP reloads the configuration; it is \
            also read again when a file in it changes. SIGTERM drains and stops.
            """
    )

    @OptionGroup var options: SettingsOptions
    @OptionGroup var source: IdentitySourceOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents, source: source)
        let logger = settings.logger("lapwing.serve")
        try settings.makeDirectories()
        // What is wrong in the configuration is said here, once, before anything is started.
        let configuration = try Configuration(settings: settings)
        let arguments = options.arguments(for: settings)
        let withSource = options.argumentsWithSource(for: settings)
        var roles = [
            Supervisor.Role(name: "authority", arguments: ["authority"] + withSource, startTimeout: .seconds(30))
        ]
        if configuration.registry != nil {
            roles.append(.init(name: "registry", arguments: ["registry"] + arguments, startTimeout: .seconds(30)))
        }
        roles.append(
            .init(
                name: "gateway",
                arguments: ["gateway"] + withSource,
                startTimeout: .seconds(60),
                user: settings.gatewayUser.value
            )
        )
        // What it hands out is recorded by the gateway, which is there first.
        if configuration.credentials != nil {
            roles.append(
                .init(
                    name: "credentials",
                    arguments: ["credentials"] + arguments,
                    startTimeout: .seconds(30),
                    user: settings.gatewayUser.value
                )
            )
        }
        if !configuration.federation.isEmpty {
            roles.append(
                .init(
                    name: "federation",
                    arguments: ["federation"] + arguments,
                    startTimeout: .seconds(30),
                    user: settings.endpointsRunAs
                )
            )
        }
        if configuration.attestation != nil {
            roles.append(
                .init(
                    name: "attestation",
                    arguments: ["attestation"] + arguments,
                    startTimeout: .seconds(30),
                    user: settings.endpointsRunAs
                )
            )
        }
        let supervisor = Supervisor(
            roles: roles,
            runtimeDirectory: settings.runtime.value,
            logger: logger,
            advice: { DiskSpace(of: settings.state.value)?.shortage }
        )
        try await supervisor.run()
    }
}
