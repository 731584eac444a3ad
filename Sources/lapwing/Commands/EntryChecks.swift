import Gateway
import Glibc
import WorkloadIdentity

/// Whether the files give a gateway the identity that it waits for.
enum EntryChecks {
    /// Entries that select by users whom this machine does not know.
    static func users(in configuration: Configuration) -> [DoctorFinding] {
        configuration.entries.compactMap { entry in
            guard let user = unknownUser(among: entry.selectors) else { return nil }
            return DoctorFinding(
                .doubt,
                "entry \(entry.name)",
                "there is no user `\(user)` on this machine, so that it fits nobody",
                mend: "`useradd --system \(ShellWord.text(user))`, or correct the selector"
            )
        }
    }

    /// A user that selectors name and this machine does not know.
    static func unknownUser(among selectors: some Sequence<Selector>) -> String? {
        selectors.filter { $0.kind == .user }.map(\.value).filter { unsafe getpwnam($0) == nil }.min()
    }

    /// What keeps a gateway from becoming ready, as far as files tell; nil where an entry may fit it.
    static func gateway(_ gateway: GatewayConfiguration, in configuration: Configuration) -> DoctorFinding? {
        let settings = configuration.settings
        // Another Workload API knows entries of its own.
        guard settings.workloadAPI.value == nil, let id = try? gateway.identity(in: settings.trustDomain.value) else {
            return nil
        }
        let check = "identity of \(gateway.name)"
        let entries = configuration.entries.filter { $0.id == id }
        guard !entries.isEmpty else {
            return DoctorFinding(
                .doubt,
                check,
                "no entry in the files gives `\(id)`, as which the gateway answers; without it `serve` is not ready",
                mend: "add a WorkloadEntry for it, unless `lapwing identity entry create` has made one"
            )
        }
        // Who starts `serve` is not known where the gateway does not become another user.
        guard let user = settings.gatewayUser.value else { return nil }
        let misfits = entries.map { entry in
            entry.selectors.filter { selector in
                switch selector.kind {
                case .uid: selector.value != String(user.uid)
                case .user: selector.value != user.name
                default: false
                }
            }
        }
        guard misfits.allSatisfy({ !$0.isEmpty }), let misfit = misfits.first?.first else { return nil }
        return DoctorFinding(
            .fault,
            check,
            "the entry `\(entries[0].name)` gives `\(id)` to `\(misfit)`, and the gateway runs as `\(user.name)`, "
                + "uid \(user.uid)",
            mend: "let it select `unix:user:\(user.name)`"
        )
    }
}
