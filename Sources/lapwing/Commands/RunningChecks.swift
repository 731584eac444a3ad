import AuditLog
import Foundation
import Gateway
import Logging
import NIOCore
import NIOPosix
import SPIFFE
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// Checks of what runs now; where nothing runs, that is said and is no fault.
enum RunningChecks {
    static func all(settings: Settings, configuration: Configuration?) async -> [DoctorFinding] {
        guard FileManager.default.fileExists(atPath: settings.workloadSocket) || settings.workloadAPI.value != nil
        else {
            var findings = [
                DoctorFinding(
                    .doubt,
                    "running",
                    "nothing answers at `\(settings.workloadSocket)`",
                    mend: "`lapwing serve --config \(settings.config.value)`"
                )
            ]
            if let configuration { findings += await ports(of: configuration) + sockets(of: configuration) }
            return findings
        }
        var findings = [await workloadAPI(settings), record(settings)]
        if let configuration { findings += sockets(of: configuration) }
        findings += await inForce(settings, configuration)
        for gateway in configuration?.gateways ?? [] {
            if let admin = gateway.admin { findings.append(await readiness(gateway.name, admin)) }
        }
        return findings
    }

    /// Whether the ports are free on which the node wants to listen.
    private static func ports(of configuration: Configuration) async -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        for place in configuration.listeningPlaces {
            let name = "port \(place.port)"
            do {
                let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: place.address, port: place.port).get()
                try await channel.close()
                findings.append(.init(.fine, name, "free, for the \(place.owner)"))
            } catch {
                findings.append(
                    .init(
                        .fault,
                        name,
                        "the \(place.owner) cannot listen on \(place.address): \(SystemReason.of(error))",
                        mend: "`ss -ltnp sport = :\(place.port)` says who does; stop it or change `\(place.field)`"
                    )
                )
            }
        }
        return findings
    }

    /// Whether there are the sockets that requests go to.
    private static func sockets(of configuration: Configuration) -> [DoctorFinding] {
        configuration.gateways.flatMap { gateway in
            gateway.upstreams.compactMap { upstream in
                guard case .unixSocket(let path) = upstream.transport,
                    !FileManager.default.fileExists(atPath: path)
                else { return nil }
                return DoctorFinding(
                    .doubt,
                    "upstream \(upstream.name)",
                    "no socket is seen at `\(path)`; without it requests are answered with 502",
                    mend:
                        "start the service that listens there, or correct `unixSocket` in the gateway `\(gateway.name)`"
                )
            }
        }
    }

    /// Whether the Workload API answers, and what it says of this process.
    private static func workloadAPI(_ settings: Settings) async -> DoctorFinding {
        do {
            let client = WorkloadAPIClient(
                endpoint: settings.identitySource,
                logger: Logger(label: "lapwing.doctor") { _ in SwiftLogNoOpLogHandler() }
            )
            let context = try await client.fetchX509Context(timeout: .seconds(3))
            let ids = context.svids.map(\.id.description).joined(separator: ", ")
            let left = Int(context.defaultSVID.notAfter.timeIntervalSinceNow)
            guard left > 60 else {
                return .init(
                    .fault,
                    "workload api",
                    "\(ids): expires in \(left) s and was not renewed",
                    mend: "look at the authority's log; `lapwing identity ca status`"
                )
            }
            return .init(.fine, "workload api", "this program is \(ids), for \(left / 60) minutes more")
        } catch {
            return .init(
                .fault,
                "workload api",
                "`\(settings.workloadSocket)`: \(error)",
                mend: "if it says PERMISSION_DENIED, add a WorkloadEntry that fits; else restart `lapwing serve`"
            )
        }
    }

    /// Whether what the gateway runs with is what the files say, and why not.
    private static func inForce(_ settings: Settings, _ configuration: Configuration?) async -> [DoctorFinding] {
        guard FileManager.default.fileExists(atPath: settings.gatewaySocket) else { return [] }
        let status: Gateway_ConfigurationStatus
        do {
            status = try await AdminClient(gateway: settings)
                .call("ShowConfiguration", Gateway_ShowConfigurationRequest())
        } catch {
            let words = (error as? CommandError)?.message ?? "\(error)"
            return [.init(.doubt, "in force", words, mend: "ask as root, or as the user that Lapwing runs as")]
        }
        if status.hasLast, !status.last.applied {
            let detail = "the last reload was refused (\(status.last.reason)): \(status.last.problem)"
            return [.init(.fault, "in force", detail, mend: "mend it, then `lapwing config reload`")]
        }
        guard configuration.map({ $0.digest == status.digest }) ?? true else {
            let detail = "\(status.digest.prefix(12)) is in force, and the files are not what it was read from"
            return [.init(.doubt, "in force", detail, mend: "`lapwing config diff`, then `lapwing config reload`")]
        }
        return [.init(.fine, "in force", "\(status.digest.prefix(12)), after \(status.applied) reloads")]
    }

    /// Whether the record's checkpoint is young.
    private static func record(_ settings: Settings) -> DoctorFinding {
        let path = settings.auditDirectory + "/checkpoint"
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let written = attributes[.modificationDate] as? Date
        else {
            return .init(
                .doubt,
                "record",
                "there is no checkpoint yet at `\(path)`",
                mend: "one is signed within a second of the first record; else look at the authority's log"
            )
        }
        guard let checkpoint = try? LogReader(directory: settings.auditDirectory).checkpoint() else {
            return .init(.fault, "record", "`\(path)` is not a checkpoint", mend: "`lapwing audit verify`")
        }
        return .init(
            .fine,
            "record",
            "\(checkpoint.size) entries signed, last \(Int(-written.timeIntervalSinceNow)) s ago"
        )
    }

    /// Whether a gateway says that it is ready.
    private static func readiness(_ name: String, _ admin: GatewayConfiguration.AdminAddress) async -> DoctorFinding {
        let request = "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        let outcome = await RawClient(
            group: .singletonMultiThreadedEventLoopGroup,
            host: admin.address,
            port: admin.port
        ).exchange(Array(request.utf8), over: .plaintext)
        switch outcome {
        case .answer(200, _, _, _): return .init(.fine, "gateway \(name)", "ready")
        case .answer(let status, _, let body, _):
            return .init(
                .fault,
                "gateway \(name)",
                "not ready (\(status)): \(String(decoding: body, as: UTF8.self))",
                mend: "mend what it names; the gateway's log says more"
            )
        case .refused(let reason):
            return .init(
                .fault,
                "gateway \(name)",
                "\(admin.address):\(admin.port) does not answer: \(reason)",
                mend: "look at the gateway's log; `systemctl status lapwing`"
            )
        }
    }
}
