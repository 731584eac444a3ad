import ArgumentParser
import Foundation
import Resources
import SwiftProtobuf
import WireProtos

/// `lapwing identity revoke`: accept an identity, or one certificate, no longer.
struct IdentityRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Accept an identity, or one certificate, no longer: now, and on connections that stand.",
        usage: "lapwing identity revoke SPIFFE-ID|SERIAL [--reason TEXT]",
        discussion: """
            A revoked SPIFFE ID is issued to nobody and accepted from nobody until `lapwing identity restore`. A \
            revoked serial number ends one certificate; the workload that holds it gets another at once. Every gateway \
            of this authority refuses new handshakes and closes live connections, in well under a second.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Argument(help: "A SPIFFE ID, or a certificate's serial number in hexadecimal.")
    var subject: String

    @Option(help: "Why, for whoever reads the list later.")
    var reason = ""

    func run() async throws {
        var request = Admin_RevokeRequest()
        request.subject = subject
        request.reason = reason
        let client = try AdminClient(options)
        let revocation: Admin_Revocation = try await client.call("Revoke", request)
        StandardError.write("revoked `\(revocation.subject)`; take it back with `lapwing identity restore`")
        guard revocation.subject.hasPrefix("spiffe://") else { return }
        // It is revoked by now, whether or not the entries can be had.
        let known: Admin_ListEntriesResponse
        do { known = try await client.call("ListEntries", Admin_ListEntriesRequest()) } catch { return }
        let ids = Set(known.entries.map(\.spiffeID))
        guard !ids.contains(revocation.subject) else { return }
        // It may be a partner's, or one whose entry is gone; where it is a slip, whoever was meant goes on.
        StandardError.write(
            "warning: no entry gives this ID; "
                + (nearestName(to: revocation.subject, among: ids).map { "did you mean `\($0)`?" }
                    ?? "`lapwing identity entry list` has those that are given")
        )
    }
}

/// `lapwing identity restore`: accept again what was revoked.
struct IdentityRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Accept an identity or a certificate again."
    )

    @OptionGroup var options: SettingsOptions

    @Argument(help: "A SPIFFE ID, or a certificate's serial number in hexadecimal.")
    var subject: String

    func run() async throws {
        var request = Admin_RestoreRequest()
        request.subject = subject
        let _: Admin_RestoreResponse = try await AdminClient(options).call("Restore", request)
        StandardError.write("restored `\(subject)`")
    }
}

/// `lapwing identity revocations`: what is revoked.
struct IdentityRevocationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revocations",
        abstract: "List what is revoked, why and by whom."
    )

    @OptionGroup var options: SettingsOptions

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    func run() async throws {
        let response: Admin_ListRevocationsResponse = try await AdminClient(options).call(
            "ListRevocations",
            Admin_ListRevocationsRequest()
        )
        struct Row: Encodable { let subject, reason, creator: String, createdAt: Date }
        let rows = response.revocations.map {
            Row(subject: $0.subject, reason: $0.reason, creator: $0.creator, createdAt: $0.created.date)
        }
        switch output {
        case .json: try StandardOutput.write(json: rows)
        case .table:
            var table = TextTable("REVOKED", "SINCE", "BY", "REASON")
            for row in rows { table.add(row.subject, row.createdAt.formatted(.iso8601), row.creator, row.reason) }
            StandardOutput.write(table.render())
        }
    }
}
