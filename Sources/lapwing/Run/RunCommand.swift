import ArgumentParser
import Foundation
import Gateway
import Glibc

/// `lapwing run -- COMMAND`: runs a command whose only way to a network is the egress listener.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command in a network namespace whose only way out is the egress listener.",
        discussion: """
            The command sees no network interface but lo. HTTP_PROXY, HTTPS_PROXY and ALL_PROXY lead to the egress \
            listener of a running `lapwing serve` or `lapwing gateway`, which lets through what a ServiceEntry declares \
            and an AuthorizationPolicy allows. SPIFFE_ENDPOINT_SOCKET leads to the Workload API.

            The exit code is the command's; 128 and the signal's number where a signal ended it; 126 or 127 where it \
            could not be started.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Option(help: "The gateway whose egress listener is used; needed where several have one.")
    var gateway: String?

    @Option(help: "The user to run the command as; needed, and allowed, for root alone.")
    var user: String?

    @Option(help: "A directory that the command finds empty, beside /run; may be repeated.", completion: .directory)
    var hide: [String] = []

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after `--`.")
    var command: [String] = []

    func run() throws {
        guard let name = command.first else {
            throw CommandError(.usage, "there is no command; write it after `--`: lapwing run -- python3 train.py")
        }
        let settings = try Settings.asking(options)
        let configuration = try Configuration(settings: settings)
        let egressSocket = try Self.egressSocket(in: configuration, gateway: gateway)
        for path in [egressSocket, settings.workloadSocket] {
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandError(
                    .unreachable,
                    "there is no `\(path)`; start `lapwing serve` with this configuration, or name its --run directory"
                )
            }
        }
        for directory in hide where !directory.hasPrefix("/") {
            throw CommandError(.usage, "--hide needs an absolute path, found `\(directory)`")
        }
        try becomeUser()
        let program = try ProgramSearch.find(name)
        let sandbox = Sandbox(
            program: program,
            arguments: command,
            environment: Self.environment(workloadSocket: settings.workloadSocket),
            relay: [try ProcessLife.ownPath.get(), EgressRelayCommand.configuration.commandName ?? "", egressSocket],
            // Whoever reaches the admin socket may change what is allowed, wherever the runtime directory lies.
            hidden: ["/run", settings.runtime.value] + hide,
            kept: [egressSocket, settings.workloadSocket]
        )
        Foundation.exit(try sandbox.run())
    }

    /// The Unix socket of the egress listener.
    private static func egressSocket(in configuration: Configuration, gateway name: String?) throws -> String {
        let gateways = try name.map { [try configuration.gateway(named: $0)] } ?? configuration.gateways
        let sockets = gateways.flatMap { $0.egress?.listeners ?? [] }.compactMap { listener in
            if case .unixSocket(let path) = listener.place { path } else { nil }
        }
        guard let socket = sockets.first else {
            throw CommandError(
                .usage,
                "no Gateway has an egress listener with a `unixSocket`; add one to its `egress.listeners`"
            )
        }
        guard sockets.count == 1 || name != nil else {
            throw CommandError(.usage, "several egress listeners have a `unixSocket`; choose a gateway with --gateway")
        }
        return socket
    }

    /// Gives up root for good.
    ///
    /// Files and devices know no namespace: whoever is root inside could write to the machine's own.
    private func becomeUser() throws {
        guard geteuid() == 0 else {
            guard user == nil else { throw CommandError(.usage, "--user is for root; the command runs as its caller") }
            return
        }
        guard let user else {
            throw CommandError(
                .usage,
                "as root a command could not be confined; name the user to run it as with --user"
            )
        }
        try SystemUser(named: user).become()
    }

    private static func environment(workloadSocket: String) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        let proxy = "http://127.0.0.1:\(Sandbox.port)"
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            environment[name] = proxy
            environment[name.lowercased()] = proxy
        }
        environment["NO_PROXY"] = "localhost,127.0.0.1,::1"
        environment["no_proxy"] = environment["NO_PROXY"]
        environment["SPIFFE_ENDPOINT_SOCKET"] = "unix://" + workloadSocket
        // What would lead to services of the session outside is of no use inside.
        for name in [
            "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "NOTIFY_SOCKET", "LAPWING_SUPERVISED",
            "TMUX", "TMUX_PANE", "STY", "DISPLAY", "WAYLAND_DISPLAY",
        ] {
            environment[name] = nil
        }
        return environment
    }
}
