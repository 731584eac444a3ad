import ArgumentParser
import Authorization
import CLinux
import Foundation
import Glibc
import Logging
import Resources
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// The flags that every command which runs or reaches Lapwing takes.
struct SettingsOptions: ParsableArguments {
    @Option(
        help: "Directory of YAML resources (LAPWING_CONFIG); /etc/lapwing for root, `lapwing` here for others.",
        completion: .directory
    )
    var config: String?

    @Option(
        help: """
            Directory for keys, entries and the record (LAPWING_STATE); /var/lib/lapwing for root, ~/.local/state/lapwing for \
            others.
            """,
        completion: .directory
    )
    var state: String?

    @Option(
        name: .customLong("run"),
        help: """
            Directory for sockets (LAPWING_RUN); /run/lapwing for root, and for others `lapwing` in XDG_RUNTIME_DIR, or `run` in \
            the state directory.
            """,
        completion: .directory
    )
    var runtime: String?

    @Option(help: "Trust domain of this installation (LAPWING_TRUST_DOMAIN); cluster.local unless said.")
    var trustDomain: String?

    @Option(help: "This node's name, in records and in its log's name (LAPWING_NODE); the machine's unless said.")
    var node: String?

    @Option(
        help: "How log events are written: text, the default, or json (LAPWING_LOG_FORMAT).",
        completion: .list(LogFormat.allCases.map(\.rawValue))
    )
    var logFormat: String?

    @Option(
        help: """
            The least level logged: trace, debug, info, notice, warning, error or critical (LAPWING_LOG_LEVEL); info unless said.
            """,
        completion: .list(Logger.Level.allCases.map(\.rawValue))
    )
    var logLevel: String?

    @Option(
        help:
            "The user that the gateway runs as where root starts it; the authority stays root's (LAPWING_GATEWAY_USER)."
    )
    var gatewayUser: String?

    @Option(
        help: """
            The user that the endpoints of bundles, keys and attestation run as where root starts them; the gateway's unless \
            said (LAPWING_ENDPOINT_USER).
            """
    )
    var endpointUser: String?

    @Option(help: "Event loops of each gateway; one for each core unless said (LAPWING_THREADS).")
    var threads: Int?

    @Option(
        help: "Whose defaults hold for every gateway: strict or istio; otherwise each says itself (LAPWING_COMPAT).",
        completion: .list(Compatibility.allCases.map(\.rawValue))
    )
    var compat: String?

    /// The arguments that give a child process the same settings.
    func arguments(for settings: Settings) -> [String] {
        [
            "--config", settings.config.value, "--state", settings.state.value, "--run", settings.runtime.value,
            "--trust-domain", settings.trustDomain.value.name, "--node", settings.node.value, "--log-format",
            settings.logFormat.value.rawValue,
            "--log-level", settings.logLevel.value.rawValue,
        ] + (settings.threads.value.map { ["--threads", String($0)] } ?? [])
            + (settings.gatewayUser.value.map { ["--gateway-user", $0.name] } ?? [])
            + (settings.endpointUser.value.map { ["--endpoint-user", $0.name] } ?? [])
            + (settings.compatibility.value.map { ["--compat", $0.rawValue] } ?? [])
    }

    /// The same for a process whose identity another Workload API may give.
    func argumentsWithSource(for settings: Settings) -> [String] {
        guard case .unix(let path)? = settings.workloadAPI.value else { return arguments(for: settings) }
        return arguments(for: settings) + ["--workload-api", "unix:" + path]
    }
}

/// The flag of the commands whose identity another Workload API may give.
struct IdentitySourceOptions: ParsableArguments {
    @Option(
        name: .customLong("workload-api"),
        help:
            "Whose Workload API gives the gateway its identity and bundles, such as SPIRE's: unix:/PATH (LAPWING_WORKLOAD_API)."
    )
    var workloadAPI: String?
}

/// What the process runs with: each value with where it came from.
///
/// A flag wins over the environment, the environment over a `Settings` resource in the configuration, and that over
/// the default.
struct Settings: Sendable {
    /// A value and its origin: `--state`, `LAPWING_STATE`, `settings.yaml:7:10` or `default`.
    struct Setting<Value: Sendable>: Sendable {
        let value: Value
        let origin: String
        /// Where it stands in a file; nil where it comes from none.
        var location: SourceLocation?
    }

    let config: Setting<String>
    let state: Setting<String>
    let runtime: Setting<String>
    let trustDomain: Setting<TrustDomain>
    let node: Setting<String>
    let logFormat: Setting<LogFormat>
    let logLevel: Setting<Logger.Level>
    /// The user that the gateway runs as; nil for whoever starts it.
    let gatewayUser: Setting<SystemUser?>
    /// The user that the endpoints of bundles, keys and attestation run as; nil for the gateway's.
    let endpointUser: Setting<SystemUser?>
    /// Whose Workload API gives the gateway its identity and bundles; nil for our own authority's.
    let workloadAPI: Setting<WorkloadEndpoint?>
    /// Event loops of each gateway; nil for one on each core.
    let threads: Setting<Int?>
    /// Whose defaults hold for every gateway; nil for what each says itself.
    let compatibility: Setting<Compatibility?>
    /// The port of the console on loopback; zero lets the system choose when it is opened first.
    let consolePort: Setting<Int>
    let authority: AuthoritySettings
    /// What the `Settings` resource says, whether or not a flag says otherwise.
    let resource: SettingsResource

    /// Finds every value where the configuration itself is not read: what runs is looked for where its `Settings` say.
    ///
    /// Files that cannot be read, and values that are not allowed in them, are left to who reads the configuration.
    ///
    /// - Throws: ``CommandError`` for a value of a flag or the environment that is not allowed, and for a configuration
    ///   that one of them names and that is not there.
    init(_ options: SettingsOptions, source: IdentitySourceOptions? = nil) throws {
        let documents = try Self.documents(of: options)
        if !documents.isEmpty, let settings = try? Settings(options, documents: documents, source: source) {
            self = settings
        } else {
            try self.init(options, documents: [], source: source)
        }
    }

    /// Finds every value for a command that only asks what runs.
    ///
    /// A user without an installation of their own asks root's, as every workload does.
    ///
    /// - Throws: ``CommandError`` for a value of a flag or the environment that is not allowed.
    static func asking(_ options: SettingsOptions, root: RootsPlaces = RootsPlaces()) throws -> Settings {
        let own = try Settings(options)
        let manager = FileManager.default
        guard !root.isOurs, own.runtime.origin == "default", !manager.fileExists(atPath: own.runtime.value),
            manager.fileExists(atPath: root.runtime)
        else { return own }
        var options = options
        options.runtime = root.runtime
        if own.config.origin == "default", !manager.fileExists(atPath: own.config.value) {
            options.config = root.config
        }
        return try Settings(options)
    }

    /// Where the installation of root is.
    struct RootsPlaces {
        var config = "/etc/lapwing"
        var runtime = "/run/lapwing"
        /// Whether we are root, whose own places these are.
        var isOurs = geteuid() == 0
    }

    /// The `Settings` among the files of the configuration.
    ///
    /// - Throws: ``CommandError`` where there is no configuration at the place that a flag or the environment names.
    private static func documents(of options: SettingsOptions) throws -> [Document] {
        let config = Finder(file: [:]).find("config", options.config, default: defaultConfig)
        let path = config.value
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let type = try? FileManager.default.attributesOfItem(atPath: place)[.type] as? FileAttributeType
        // By the defaults, another installation than the one that was meant would be looked at.
        guard type != nil || config.origin == "default" || FileManager.default.fileExists(atPath: path) else {
            throw CommandError(
                .usage,
                "there is no configuration at `\(path)`, which \(config.origin) names; `lapwing init \(path)` writes one to "
                    + "start with"
            )
        }
        // A pipe can be read once, by who reads the configuration.
        guard type == .typeDirectory || type == .typeRegular else { return [] }
        let texts = (try? ResourceLoader.texts(path: path)) ?? []
        return texts.filter { $0.text.contains("Settings") }
            .flatMap { (try? ResourceLoader.values(yaml: $0.text, file: $0.file)) ?? [] }
            .compactMap { try? Document($0) }
            .filter { $0.kind == "Settings" }
    }

    /// Where the configuration is unless it is said.
    private static var defaultConfig: String { geteuid() == 0 ? "/etc/lapwing" : "lapwing" }

    /// Finds every value.
    ///
    /// - Throws: ``CommandError`` or `ResourceError` for a value that is not allowed.
    init(
        _ options: SettingsOptions,
        documents: [Document],
        source: IdentitySourceOptions? = nil
    ) throws {
        let file = try SettingsResource(documents)
        let finder = Finder(file: file.strings)
        let isRoot = geteuid() == 0
        let home = ProcessInfo.processInfo.environment["HOME"] ?? "/"
        self.config = finder.find("config", options.config, default: Self.defaultConfig)
        let state = finder.find(
            "state",
            options.state,
            default: isRoot ? "/var/lib/lapwing" : home + "/.local/state/lapwing"
        ).absolute
        self.state = state
        let userRuntime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"].map { $0 + "/lapwing" }
        self.runtime =
            finder.find(
                "run",
                options.runtime,
                default: isRoot ? "/run/lapwing" : userRuntime ?? state.value + "/run"
            ).absolute
        self.trustDomain = try finder.find("trust-domain", options.trustDomain, default: "cluster.local").map {
            do { return .success(try TrustDomain($0)) } catch { return .failure(.init(reason: "\(error)")) }
        }
        self.node = try finder.find("node", options.node, default: Self.hostName).map {
            $0.isEmpty || $0.utf8.count > 64 || !$0.utf8.allSatisfy(Self.allowsInNode)
                ? .failure(.init(reason: "a node's name is 1 to 64 letters, digits, `.`, `-` and `_`, found `\($0)`"))
                : .success($0)
        }
        self.logFormat = try finder.find("log-format", options.logFormat, default: "text").map {
            LogFormat(rawValue: $0).map { .success($0) }
                ?? .failure(.init(reason: "expected `text` or `json`, found `\($0)`"))
        }
        self.logLevel = try finder.find("log-level", options.logLevel, default: "info").map {
            Logger.Level(rawValue: $0).map { .success($0) }
                ?? .failure(
                    .init(
                        reason:
                            "unknown level `\($0)`; \(suggestion(for: $0, among: Logger.Level.allCases.map(\.rawValue)))"
                    )
                )
        }
        self.compatibility = try finder.find("compat", options.compat, default: "").map {
            if $0.isEmpty { return .success(nil) }
            let names = Compatibility.allCases.map(\.rawValue)
            return Compatibility(rawValue: $0).map { .success($0) }
                ?? .failure(.init(reason: "unknown value `\($0)`; \(suggestion(for: $0, among: names))"))
        }
        func user(_ name: String, _ option: String?) throws -> Setting<SystemUser?> {
            try finder.find(name, option, default: "").map {
                if $0.isEmpty { return .success(nil) }
                do { return .success(try SystemUser(named: $0)) } catch {
                    return .failure(.init(reason: (error as? CommandError)?.message ?? "\(error)"))
                }
            }
        }
        self.gatewayUser = try user("gateway-user", options.gatewayUser)
        self.endpointUser = try user("endpoint-user", options.endpointUser)
        self.workloadAPI = try finder.find("workload-api", source?.workloadAPI, default: "").map {
            if $0.isEmpty { return .success(nil) }
            do throws(WorkloadEndpointError) {
                let endpoint = try WorkloadEndpoint($0)
                guard case .unix = endpoint else {
                    return .failure(.init(reason: "expected `unix:/PATH`: who answers on a TCP port is not known"))
                }
                return .success(endpoint)
            } catch { return .failure(.init(reason: "\(error)")) }
        }
        self.threads = try finder.find("threads", options.threads.map(String.init), default: "").map {
            if $0.isEmpty { return .success(nil) }
            guard let count = Int($0), (1...1024).contains(count) else {
                return .failure(.init(reason: "expected a number of event loops from 1 to 1024, found `\($0)`"))
            }
            return .success(count)
        }
        self.consolePort = try finder.find("console-port", nil, default: "0").map {
            guard let port = Int($0), (0...65535).contains(port) else {
                return .failure(.init(reason: "expected a port from 0 to 65535, found `\($0)`"))
            }
            return .success(port)
        }
        self.authority = file.authority
        self.resource = file
    }

    /// The machine's own name, as far as it can be a node's.
    private static var hostName: String {
        let name = ProcessInfo.processInfo.hostName.prefix(64)
        let allowed = String(decoding: name.utf8.filter(allowsInNode), as: UTF8.self)
        return allowed.isEmpty ? "node" : allowed
    }

    private static func allowsInNode(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-_".utf8.contains(byte)
    }

    /// The name of this node's log, which its checkpoints begin with.
    var logOrigin: String { "\(trustDomain.value.name)/\(node.value)" }

    /// Installs the log handler and gives the process's logger.
    func logger(_ label: String) -> Logger {
        logFormat.value.bootstrap(level: logLevel.value)
        return Logger(label: label)
    }

    /// Where the gateway's identity comes from.
    var identitySource: WorkloadEndpoint { workloadAPI.value ?? .unix(path: workloadSocket) }

    var workloadSocket: String { runtime.value + "/workload-api.sock" }
    var adminSocket: String { runtime.value + "/admin.sock" }
    var gatewaySocket: String { gatewayDirectory + "/gateway.sock" }
    var auditDirectory: String { state.value + "/audit" }
    /// Where the bodies of requests lie that are kept.
    var bodiesDirectory: String { state.value + "/bodies" }
    /// Where the gateway makes its own sockets.
    var gatewayDirectory: String { runtime.value + "/gateway" }
    var authorityDirectory: String { state.value + "/authority" }

    /// Makes the directories that do not exist yet, and refuses those that somebody else could change.
    ///
    /// - Throws: ``CommandError`` saying which, and how to mend it.
    func makeDirectories() throws {
        try requireUser()
        let wanted = [
            (state.value, 0o755), (runtime.value, 0o755), (authorityDirectory, 0o700), (auditDirectory, 0o750),
            (bodiesDirectory, 0o700),
            (gatewayDirectory, 0o755),
            (registryDirectory, 0o700), (monitorDirectory, 0o750),
        ]
        for (path, mode) in wanted {
            do {
                try FileManager.default.createDirectory(
                    atPath: path,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: mode]
                )
            } catch {
                throw CommandError(
                    .unreachable,
                    "cannot make `\(path)`: \(SystemReason.of(error)); choose others with --state and --run"
                )
            }
            let gateways = [auditDirectory, bodiesDirectory, gatewayDirectory, monitorDirectory]
            let owner = gateways.contains(path) ? gatewayUser.value : nil
            if geteuid() == 0 { try owner?.takeOver(path) }
            try Self.requireOwn(path, or: owner)
        }
    }

    /// The users that a gateway may run as, to whom the authority answers.
    var gatewayUIDs: Set<UInt32> { gatewayUser.value.map { [$0.uid] } ?? [0, geteuid()] }

    /// The users that the endpoints of bundles, keys and attestation may run as.
    var endpointUIDs: Set<UInt32> { endpointUser.value.map { [$0.uid] } ?? gatewayUIDs }
    /// The user that those endpoints become; nil where they stay whoever starts them.
    var endpointsRunAs: SystemUser? { endpointUser.value ?? gatewayUser.value }

    /// The user that a process of those endpoints has to become; nil where it is the right one's already.
    ///
    /// - Throws: ``CommandError`` where that cannot be: the authority would not answer.
    func endpointsToBecome(from uid: UInt32 = geteuid()) throws -> SystemUser? {
        guard let user = endpointsRunAs, uid != user.uid else { return nil }
        guard uid == 0 else {
            let origin = endpointUser.value == nil ? gatewayUser.origin : endpointUser.origin
            throw CommandError(
                .usage,
                "\(origin): only root can have the endpoints run as `\(user.name)`; leave it out, or start as root"
            )
        }
        return user
    }

    /// Refuses users that this process could not become.
    private func requireUser() throws {
        // One of these processes that has become its user reads of the other's.
        let users = [0, gatewayUser.value?.uid, endpointUser.value?.uid]
        for (setting, what) in [(gatewayUser, "the gateway"), (endpointUser, "the endpoints")] {
            guard let user = setting.value, !users.contains(geteuid()) else { continue }
            throw CommandError(
                .usage,
                "\(setting.origin): only root can have \(what) run as `\(user.name)`; leave it out, or start as root"
            )
        }
    }

    /// Refuses a directory that is a link, that another user owns, or that others may write to.
    private static func requireOwn(_ path: String, or owner: SystemUser?) throws {
        var facts = lapwing_file_facts()
        guard unsafe lapwing_file_facts_of_link(path, &facts) == 0, facts.kind == S_IFDIR else {
            throw CommandError(.refused, "`\(path)` is not a directory itself; a link is not followed here")
        }
        let owners = [geteuid(), 0] + (owner.map { [$0.uid] } ?? [])
        guard owners.contains(facts.owner), facts.mode & 0o022 == 0 else {
            throw CommandError(
                .refused,
                "others could change what lies in `\(path)`; `chown \(geteuid()) \(path) && chmod go-w \(path)`"
            )
        }
    }
}

/// How the authority issues, from the `Settings` resource.
struct AuthoritySettings: Sendable {
    /// Where the CA's key is kept.
    enum KeyStorage: String, CaseIterable, Sendable { case disk, memory }

    var keyStorage = KeyStorage.disk
    var caLifetime = Duration.seconds(24 * 3600)
    var svidLifetime = Duration.seconds(3600)
    /// How JWT-SVIDs are made.
    var tokens = TokenOptions()
    /// PEM files of an upstream CA's certificate chain and key, or nil for a root made here.
    var upstream: (certificates: String, key: String)?
}

/// Looks in the flag, the environment, the file and the default, in this order.
private struct Finder {
    let file: [String: (text: String, location: SourceLocation)]

    func find(_ name: String, _ flag: String?, default standard: String) -> Settings.Setting<String> {
        if let flag { return .init(value: flag, origin: "--\(name)") }
        let variable = "LAPWING_" + name.uppercased().replacing("-", with: "_")
        if let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty {
            return .init(value: text, origin: variable)
        }
        if let found = file[name] {
            return .init(value: found.text, origin: "\(found.location)", location: found.location)
        }
        return .init(value: standard, origin: "default")
    }
}

extension Settings.Setting where Value == String {
    /// A path that means the same in every process: the address of a socket has to be absolute.
    fileprivate var absolute: Self {
        value.hasPrefix("/")
            ? self
            : .init(
                value: FileManager.default.currentDirectoryPath + "/" + value,
                origin: origin,
                location: location
            )
    }

    /// The text read as another type; what is wrong is reported with the origin.
    fileprivate func map<Other>(_ read: (String) -> Result<Other, BadSetting>) throws -> Settings.Setting<Other> {
        switch read(value) {
        case .success(let other): return .init(value: other, origin: origin, location: location)
        case .failure(let bad):
            // What a file says wrong is said as of every other line of it.
            if let location { throw ResourceError(at: location, bad.reason) }
            throw CommandError(.usage, "\(origin): \(bad.reason)")
        }
    }
}

/// Why a setting's text is not allowed.
private struct BadSetting: Error {
    let reason: String
}
