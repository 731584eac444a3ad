import ArgumentParser
import Authorization
import CLinux
import Foundation
import Gateway
import Glibc
import Resources

/// `lapwing doctor`: looks at this machine and a configuration, and says how to mend each fault.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine and the configuration, and say how to mend each fault."
    )

    @OptionGroup var options: SettingsOptions

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    func run() async throws {
        var findings: [DoctorFinding] = []
        // Without its configuration the rest is told all the same.
        var settings = try (try? Settings(options)) ?? Settings(options, documents: [])
        var configuration: Configuration?
        do {
            let documents = try ResourceLoader.load(path: settings.config.value).documents
            settings = try Settings(options, documents: documents)
            let loaded = try Configuration(settings: settings)
            configuration = loaded
            findings.append(
                .init(.fine, "configuration", "\(counted(documents.count, "resource")) in `\(settings.config.value)`")
            )
            findings += loaded.gateways.flatMap { gateway in
                loaded.listenerModes(of: gateway).map { mode in
                    .init(
                        mode.mode == .strict ? .fine : .doubt,
                        "listener \(mode.listener.name)",
                        "port \(mode.listener.port) of `\(gateway.name)` is \(mode.mode.rawValue), "
                            + (mode.location.map { "by \($0)" } ?? "by default"),
                        mend: mode.mode == .strict
                            ? nil : "once every caller has an identity, let a PeerAuthentication say STRICT"
                    )
                }
            }
            findings += loaded.gateways.compactMap { EntryChecks.gateway($0, in: loaded) }
            findings += EntryChecks.users(in: loaded)
            findings += EndpointChecks.all(loaded) + [EndpointChecks.machines(loaded)].compactMap(\.self)
            findings += AlertChecks.all(loaded)
            findings += loaded.warnings.map {
                .init(.doubt, "configuration", $0.description, mend: "see the line named")
            }
        } catch let error as ResourceError {
            findings += error.diagnostics.map {
                .init(
                    .fault,
                    "configuration",
                    $0.description,
                    mend: "mend the line named, then `lapwing config validate`"
                )
            }
        }
        findings +=
            MachineChecks.all(settings: settings) + ClockChecks.all(settings) + DiskChecks.all(settings, configuration)
        findings += StateChecks.all(settings)
        findings += await KeyChecks.all(configuration)
        findings += await RunningChecks.all(settings: settings, configuration: configuration)
        try report(findings)
    }

    private func report(_ findings: [DoctorFinding]) throws {
        switch output {
        case .json: try StandardOutput.write(json: findings)
        case .table:
            for finding in findings {
                let mark =
                    switch finding.state {
                    case .fine: Style.green("fine ")
                    case .doubt: Style.yellow("doubt")
                    case .fault: Style.red("fault")
                    }
                StandardOutput.write("\(mark)  \(finding.check): \(finding.detail)")
                if let mend = finding.mend { StandardOutput.write("       mend: \(mend)") }
            }
        }
        let faults = findings.count { $0.state == .fault }
        guard faults == 0 else { throw ExitCode(ExitStatus.refused.rawValue) }
    }
}

/// What one check of `lapwing doctor` found.
struct DoctorFinding: Encodable, Sendable {
    enum State: String, Encodable, Sendable { case fine, doubt, fault }

    let state: State
    let check: String
    let detail: String
    /// What to do about it; nil where all is well.
    let mend: String?

    init(_ state: State, _ check: String, _ detail: String, mend: String? = nil) {
        self.state = state
        self.check = check
        self.detail = detail
        self.mend = mend
    }
}

/// Checks of the machine alone: nothing needs to run.
enum MachineChecks {
    static func all(settings: Settings) -> [DoctorFinding] {
        [
            directory("state directory", settings.state.value), directory("runtime directory", settings.runtime.value),
            privateDirectory(settings.authorityDirectory), socketPath(settings.runtime.value), openFiles(),
            gatewayUser(settings),
        ]
    }

    /// Whether the process that parses what strangers send can reach what is the authority's.
    private static func gatewayUser(_ settings: Settings) -> DoctorFinding {
        if let user = settings.gatewayUser.value {
            return .init(.fine, "gateway user", "the gateway runs as `\(user.name)`, uid \(user.uid)")
        }
        return .init(
            .doubt,
            "gateway user",
            "the gateway runs as the authority's user and could open its files",
            mend: "start as root with `--gateway-user NAME`, a user that owns nothing else"
        )
    }

    /// Whether a directory is there, or can be made, and can be written to.
    static func directory(_ name: String, _ path: String) -> DoctorFinding {
        var existing = path
        while !FileManager.default.fileExists(atPath: existing), existing != "/", !existing.isEmpty {
            existing = (existing as NSString).deletingLastPathComponent
            if existing.isEmpty { existing = "." }
        }
        guard unsafe access(existing, W_OK) == 0 else {
            let isReadOnly = errno == EROFS
            var facts = lapwing_file_facts()
            if !isReadOnly, existing == path, unsafe lapwing_file_facts_of_path(path, &facts) == 0,
                facts.owner != geteuid()
            {
                return .init(
                    .doubt,
                    name,
                    "`\(path)` is uid \(facts.owner)'s, whose installation it is, and we are uid \(geteuid())",
                    mend: "`sudo lapwing doctor` looks as that user, or name directories of your own"
                )
            }
            guard !isReadOnly else {
                return .init(
                    .fault,
                    name,
                    "`\(existing)` lies on a file system that is mounted read-only",
                    mend: "`dmesg` says whether the kernel did that after a fault of the disk; mend it, then `mount -o "
                        + "remount,rw` it, or choose another place with a flag"
                )
            }
            return .init(
                .fault,
                name,
                "`\(existing)` cannot be written to by uid \(geteuid())",
                mend: "`sudo install -d -o \(geteuid()) \(path)`, or choose another place with a flag"
            )
        }
        return .init(.fine, name, existing == path ? "`\(path)`" : "`\(path)` will be made")
    }

    /// Whether nobody else can read where the keys are.
    private static func privateDirectory(_ path: String) -> DoctorFinding {
        var facts = lapwing_file_facts()
        guard unsafe lapwing_file_facts_of_path(path, &facts) == 0 else {
            return .init(.fine, "keys", "`\(path)` will be made with mode 0700")
        }
        let mode = facts.mode & 0o777
        guard mode & 0o077 == 0 else {
            return .init(
                .fault,
                "keys",
                "`\(path)` has mode 0\(String(mode, radix: 8)): others can read the CA's key",
                mend: "`chmod 700 \(path)`, then rotate: `lapwing identity ca rotate`"
            )
        }
        return .init(.fine, "keys", "`\(path)` is private")
    }

    /// Whether the sockets' paths fit into the 107 bytes that Linux allows.
    private static func socketPath(_ runtime: String) -> DoctorFinding {
        let longest = runtime + "/notify-authority.sock"
        guard longest.utf8.count <= 107 else {
            return .init(
                .fault,
                "socket paths",
                "`\(longest)` has \(longest.utf8.count) bytes; Linux allows 107",
                mend: "choose a shorter directory with --run"
            )
        }
        return .init(.fine, "socket paths", "short enough")
    }

    /// Whether many connections can be held.
    private static func openFiles() -> DoctorFinding {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .init(.doubt, "open files", "the limit cannot be read", mend: "`ulimit -n`")
        }
        guard limit.rlim_cur >= 4096 else {
            return .init(
                .doubt,
                "open files",
                "the limit is \(limit.rlim_cur); each connection takes one or two",
                mend: "`ulimit -n 65536`, or `LimitNOFILE=65536` in the systemd unit"
            )
        }
        return .init(.fine, "open files", "the limit is \(limit.rlim_cur)")
    }
}
