import Foundation

/// Whether what is written has room, on each file system that something of it lies on.
enum DiskChecks {
    /// A directory that is written to, and what becomes of that where its disk is full.
    private struct Place {
        let name: String
        let path: String
        let loss: String
    }

    static func all(_ settings: Settings, _ configuration: Configuration?) -> [DoctorFinding] {
        let refused =
            configuration?.auditPolicy.fullDisk == .recordGap
            ? "records that find no room are counted, and lost, and acts and identities refused"
            : "requests are refused when the record cannot be written"
        var places = [
            Place(name: "state", path: settings.state.value, loss: refused),
            Place(name: "record", path: settings.auditDirectory, loss: refused),
            Place(
                name: "authority",
                path: settings.authorityDirectory,
                loss: "no identity is issued when the authority cannot write"
            ),
            Place(
                name: "bodies",
                path: settings.bodiesDirectory,
                loss: "bodies that find no room are not kept, which their records tell"
            ),
            Place(
                name: "monitor",
                path: settings.monitorDirectory,
                loss: "what the monitor has learnt is gone at a restart when it cannot be written"
            ),
        ]
        if configuration?.registry != nil {
            places.append(
                Place(
                    name: "registry",
                    path: settings.registryDirectory,
                    loss: "models are not taken when they cannot be written"
                )
            )
        }
        for case .file(let path, _) in (configuration?.auditPolicy.sinks ?? []).map(\.target) {
            places.append(
                Place(
                    name: "sink",
                    path: (path as NSString).deletingLastPathComponent,
                    loss: "what a sink has no room for waits in the log"
                )
            )
        }
        var seen: Set<UInt64> = []
        return places.flatMap { place -> [DoctorFinding] in
            let isState = place.path == settings.state.value
            let name = isState ? "disk" : "disk of the \(place.name)"
            guard let space = DiskSpace(of: place.path) else {
                return [
                    .init(.doubt, name, "the space at `\(place.path)` cannot be read", mend: "`df -h \(place.path)`")
                ]
            }
            guard seen.insert(space.device).inserted else { return [] }
            // Whether the state directory can be written to is said beside the others of its kind.
            let isWritable = isState ? nil : MachineChecks.directory("directory of the \(place.name)", place.path)
            return [isWritable, finding(name, space, place.loss)].compactMap(\.self)
        }
    }

    private static func finding(_ name: String, _ space: DiskSpace, _ loss: String) -> DoctorFinding {
        let text = "\(space.free >> 20) MiB free at `\(space.path)`"
        guard space.free >= 256 << 20 else {
            return .init(.fault, name, "\(text); \(loss)", mend: "free some space there, or mount a larger disk")
        }
        guard space.files ?? .max >= 4096 else {
            return .init(
                .fault,
                name,
                "only \(space.files ?? 0) more files can be made at `\(space.path)` (`df -i`); \(loss)",
                mend: "remove files there that nobody needs, or make a file system with more inodes"
            )
        }
        guard space.free >= 2 << 30 else { return .init(.doubt, name, text, mend: "plan for more space") }
        return .init(.fine, name, text)
    }
}
