import ArgumentParser
import Foundation
import Glibc
import SPIFFE
import SwiftProtobuf
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// `lapwing identity`: who is who, and by whose word.
struct IdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity",
        abstract: "Look at identities and change them.",
        subcommands: [
            IdentityEntryCommand.self, SVID.self, IdentityTokenCommand.self, IdentityExecCommand.self,
            IdentityWatchCommand.self, IdentityOIDCCommand.self, Bundle.self, IdentityFederationCommand.self,
            IdentityAttestCommand.self,
            IdentityJoinTokenCommand.self, CA.self, IdentityRevokeCommand.self,
            IdentityRestoreCommand.self, IdentityRevocationsCommand.self,
        ]
    )

    /// `lapwing identity svid`.
    struct SVID: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "svid",
            abstract: "This process's own X.509-SVID.",
            subcommands: [Fetch.self]
        )
    }

    /// `lapwing identity bundle`.
    struct Bundle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "bundle",
            abstract: "The authorities that are believed.",
            subcommands: [Show.self]
        )
    }

    /// `lapwing identity ca`.
    struct CA: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ca",
            abstract: "The certificate authority.",
            subcommands: [Rotate.self, Status.self]
        )
    }
}

extension IdentityCommand.SVID {
    /// `lapwing identity svid fetch`.
    struct Fetch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fetch",
            abstract: "Fetch what the Workload API gives to the caller of this command.",
            discussion: """
                The socket is that of --run, or the one that SPIFFE_ENDPOINT_SOCKET names. What is fetched ends with \
                this command, and is refused by the gateways a second later, unless its entry says `outlivesProcess: \
                true`.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(
            help:
                "Write svid.N.pem, svid.N.key, bundle.N.pem and federated_bundle.N.M.pem to a directory, for you alone.",
            completion: .directory
        )
        var write: String?

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() async throws {
            let workloadAPI = try WorkloadAPIAccess(options)
            let context: X509Context
            do { context = try await workloadAPI.client.fetchX509Context() } catch { throw workloadAPI.reason(error) }
            if let write { try save(context, to: write) }
            struct Row: Encodable { let spiffeID, serialNumber, hint: String, notBefore, notAfter: Date }
            let rows = context.svids.map {
                Row(
                    spiffeID: $0.id.description,
                    serialNumber: $0.serialNumber,
                    hint: $0.hint ?? "",
                    notBefore: $0.notBefore,
                    notAfter: $0.notAfter
                )
            }
            switch output {
            case .json: try StandardOutput.write(json: rows)
            case .table:
                var table = TextTable("SPIFFE ID", "SERIAL", "EXPIRES")
                for row in rows {
                    table.add(row.spiffeID, row.serialNumber, row.notAfter.formatted(.iso8601))
                }
                StandardOutput.write(table.render())
            }
        }

        /// What is easily found out too late of certificates and tokens in files.
        static let lifeOfFiles = """
            they end with this command, unless the entry that gives them says `outlivesProcess: true`; \
            `lapwing identity entry list` says which do
            """

        private func save(_ context: X509Context, to directory: String) throws {
            do {
                try FileManager.default.createDirectory(
                    atPath: directory,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            } catch {
                throw CommandError(.unreachable, "cannot make `\(directory)`: \(SystemReason.of(error))")
            }
            do {
                let count = try SVIDFiles.write(context.svids, context.bundles, to: directory)
                StandardError.write("wrote \(counted(count, "file")) to \(directory)\n\(Self.lifeOfFiles)")
            } catch { throw CommandError(.unreachable, "\(error)") }
        }
    }
}

extension IdentityCommand.Bundle {
    /// `lapwing identity bundle show`.
    struct Show: AsyncParsableCommand {
        /// The forms that a bundle is printed in.
        enum Form: String, ExpressibleByArgument, CaseIterable { case pem, jwks }

        static let configuration = CommandConfiguration(commandName: "show", abstract: "Print a trust domain's bundle.")

        @OptionGroup var options: SettingsOptions

        @Option(name: .customLong("of"), help: "A trust domain that this one federates with; its own otherwise.")
        var other: String?

        @Option(name: .shortAndLong, help: "Output: pem, or jwks as SPIFFE trust domains exchange it.")
        var output = Form.pem

        func run() async throws {
            var request = Admin_ShowBundleRequest()
            request.trustDomain = other ?? ""
            let response: Admin_ShowBundleResponse = try await AdminClient(options).call("ShowBundle", request)
            StandardOutput.write(
                output == .pem
                    ? response.pem.trimmingCharacters(in: .newlines)
                    : String(decoding: response.document, as: UTF8.self)
            )
        }
    }
}

extension IdentityCommand.CA {
    /// `lapwing identity ca rotate`.
    struct Rotate: AsyncParsableCommand {
        /// The steps of a rotation.
        enum Phase: String, ExpressibleByArgument, CaseIterable { case prepare, activate, prune, all }

        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Succeed the signing authority before its time.",
            discussion: """
                `prepare` publishes the next authority, `activate` signs with it, `prune` withdraws what has expired; \
                `all` prepares and activates. Workloads get new SVIDs at once; both roots stay in the bundle, so that \
                nothing is refused in between.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(help: "prepare, activate, prune or all.")
        var phase = Phase.all

        @Flag(help: "Go on although the prepared authority is not everywhere yet: the answer to a stolen key.")
        var force = false

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() async throws {
            let client = try AdminClient(options)
            let phases: [Admin_RotationPhase] =
                switch phase {
                case .prepare: [.prepare]
                case .activate: [.activate]
                case .prune: [.prune]
                case .all: [.prepare, .activate]
                }
            var status = Admin_AuthorityStatus()
            for step in phases {
                var request = Admin_RotateAuthorityRequest()
                request.phase = step
                request.force = force || phase == .all
                status = try await client.call("RotateAuthority", request)
            }
            try write(status, as: output)
        }
    }

    /// `lapwing identity ca status`.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Print the authorities and when they expire."
        )

        @OptionGroup var options: SettingsOptions

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() async throws {
            let status: Admin_StatusResponse = try await AdminClient(options).call("Status", Admin_StatusRequest())
            try write(status.authority, as: output)
            StandardError.write(
                "\(status.trustDomain): \(counted(status.entries, "entry")), \(counted(status.streams, "stream")), \(status.issued) SVIDs issued"
            )
        }
    }
}

/// Prints the authorities, each with its state and its end.
private func write(_ status: Admin_AuthorityStatus, as output: OutputFormat) throws {
    struct Row: Encodable {
        let id, state: String
        let notAfter: Date
        let fingerprint: String
    }
    let rows = status.authorities.map { authority in
        let state =
            switch authority.state {
            case .prepared: "prepared"
            case .active: "active"
            case .retired: "retired"
            default: "unknown"
            }
        return Row(
            id: authority.id,
            state: state,
            notAfter: authority.notAfter.date,
            fingerprint: authority.fingerprint
        )
    }
    switch output {
    case .json: try StandardOutput.write(json: rows)
    case .table:
        var table = TextTable("AUTHORITY", "STATE", "EXPIRES", "SHA-256")
        for row in rows { table.add(row.id, row.state, row.notAfter.formatted(.iso8601), row.fingerprint) }
        StandardOutput.write(table.render())
    }
}
