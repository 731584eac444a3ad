import ArgumentParser
import Foundation
import SwiftProtobuf
import WireProtos

/// `lapwing identity federation`: the trust domains that this one federates with.
struct IdentityFederationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "federation",
        abstract: "Look at the trust domains that this one federates with.",
        discussion: "They are declared by FederatedTrustDomain resources; entries name them in `federatesWith`.",
        subcommands: [List.self, Refresh.self]
    )

    /// `lapwing identity federation list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List them, with the state of their bundles.",
            discussion: "Exits with 1 where an endpoint gave no bundle that counts when it was asked last."
        )

        @OptionGroup var options: SettingsOptions

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        private struct Row: Encodable {
            let trustDomain, url, profile: String
            let sequence: UInt64?
            let x509Authorities, jwtAuthorities: UInt32
            let refreshed: Date?
            let problem: String
        }

        func run() async throws {
            let response: Admin_ListFederationResponse = try await AdminClient(options).call(
                "ListFederation",
                Admin_ListFederationRequest()
            )
            let rows = response.trustDomains.map { domain in
                Row(
                    trustDomain: domain.trustDomain,
                    url: domain.url,
                    profile: domain.profile,
                    sequence: domain.hasBundle_p ? domain.sequence : nil,
                    x509Authorities: domain.x509Authorities,
                    jwtAuthorities: domain.jwtAuthorities,
                    refreshed: domain.hasRefreshed ? domain.refreshed.date : nil,
                    problem: domain.problem
                )
            }
            switch output {
            case .json: try StandardOutput.write(json: rows)
            case .table:
                var table = TextTable("TRUST DOMAIN", "PROFILE", "SEQUENCE", "X.509", "JWT", "REFRESHED", "PROBLEM")
                for row in rows {
                    table.add(
                        row.trustDomain,
                        row.profile,
                        row.sequence.map(String.init) ?? "none",
                        String(row.x509Authorities),
                        String(row.jwtAuthorities),
                        row.refreshed?.formatted(.iso8601) ?? "never",
                        TerminalText.plain(row.problem)
                    )
                }
                StandardOutput.write(table.render())
            }
            if rows.contains(where: { !$0.problem.isEmpty }) { throw ExitCode(1) }
        }
    }

    /// `lapwing identity federation refresh`.
    struct Refresh: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "refresh",
            abstract: "Have every bundle endpoint asked now."
        )

        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let _: Admin_RefreshFederationResponse = try await AdminClient(options).call(
                "RefreshFederation",
                Admin_RefreshFederationRequest()
            )
            StandardError.write("every bundle endpoint is asked; see `lapwing identity federation list`")
        }
    }
}
