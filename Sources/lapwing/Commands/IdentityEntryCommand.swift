import ArgumentParser
import Foundation
import SwiftProtobuf
import WireProtos
import WorkloadIdentity

/// `lapwing identity entry`: which process gets which SPIFFE ID.
struct IdentityEntryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entry",
        abstract: "List, show, create and delete workload entries.",
        discussion: "Entries in files belong to the files and are changed there.",
        subcommands: [List.self, Show.self, Create.self, Delete.self]
    )

    /// `lapwing identity entry list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List every entry.")

        @OptionGroup var options: SettingsOptions

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() async throws {
            let response: Admin_ListEntriesResponse = try await AdminClient(options).call(
                "ListEntries",
                Admin_ListEntriesRequest()
            )
            try EntryOutput.write(response.entries, as: output)
        }
    }

    /// `lapwing identity entry show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Print one entry.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The entry's name.")
        var name: String

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() async throws {
            var request = Admin_ShowEntryRequest()
            request.name = name
            let entry: Admin_Entry = try await AdminClient(options).call("ShowEntry", request)
            try EntryOutput.write([entry], as: output)
        }
    }

    /// `lapwing identity entry create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Create an entry; processes that fit it get the identity at once."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The entry's name.")
        var name: String

        @Option(name: .customLong("spiffe-id"), help: "The SPIFFE ID that it gives.")
        var spiffeID: String

        @Option(name: .customLong("selector"), help: "A selector such as unix:uid:1000; all must fit. May be repeated.")
        var selectors: [String]

        @Option(
            help:
                "How long each SVID lives: seconds, or a length of time such as 15m; the authority's default otherwise."
        )
        var ttl: SecondsArgument?

        @Option(name: .customLong("dns-name"), help: "A DNS name for the certificate. May be repeated.")
        var dnsNames: [String] = []

        @Option(help: "The certificate's subject, such as CN=reader, for peers that read one.")
        var subject: String?

        @Option(help: "A hint for workloads that get several identities.")
        var hint: String?

        @Option(
            name: .customLong("federates-with"),
            help: "A trust domain whose bundle the workload gets as well. May be repeated."
        )
        var federatesWith: [String] = []

        @Flag(
            name: .customLong("outlives-process"),
            help: "What it gives stays good once the process has ended: for certificates in files."
        )
        var outlivesProcess = false

        @Option(
            name: .customLong("model-loader"),
            help: """
                Lets the workload prove that its children have loaded a model: separateUser (those of another user) or \
                sameUser.
                """,
            completion: .list(["separateUser", "sameUser"])
        )
        var modelLoader: String?

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() async throws {
            var entry = Admin_Entry()
            entry.name = name
            entry.spiffeID = spiffeID
            entry.selectors = selectors
            if let ttl { entry.ttl = Google_Protobuf_Duration(seconds: Int64(ttl.seconds)) }
            entry.dnsNames = dnsNames
            entry.subject = subject ?? ""
            entry.hint = hint ?? ""
            entry.federatesWith = federatesWith
            entry.outlivesProcess = outlivesProcess
            entry.modelLoader = modelLoader ?? ""
            var request = Admin_CreateEntryRequest()
            request.entry = entry
            let created: Admin_Entry = try await AdminClient(options).call("CreateEntry", request)
            if let user = EntryChecks.unknownUser(among: selectors.compactMap { try? Selector($0) }) {
                StandardError.write(
                    "there is no user `\(user)` on this machine; the entry fits nobody until there is one"
                )
            }
            try EntryOutput.write([created], as: output)
        }
    }

    /// `lapwing identity entry delete`.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Delete an entry; its workloads lose the identity at once."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The entry's name.")
        var name: String

        func run() async throws {
            var request = Admin_DeleteEntryRequest()
            request.name = name
            let _: Admin_DeleteEntryResponse = try await AdminClient(options).call("DeleteEntry", request)
            StandardError.write("deleted `\(name)`")
        }
    }
}

/// Entries as a table or as JSON.
private enum EntryOutput {
    struct Row: Encodable {
        let name, spiffeID: String
        let selectors: [String]
        let ttlSeconds: Int64?
        let dnsNames, federatesWith: [String]
        let outlivesProcess: Bool
        let subject, hint, modelLoader, source, location: String

        init(_ entry: Admin_Entry) {
            name = entry.name
            spiffeID = entry.spiffeID
            selectors = entry.selectors
            ttlSeconds = entry.hasTtl ? entry.ttl.seconds : nil
            dnsNames = entry.dnsNames
            federatesWith = entry.federatesWith
            outlivesProcess = entry.outlivesProcess
            subject = entry.subject
            hint = entry.hint
            modelLoader = entry.modelLoader
            source = entry.source == .file ? "file" : "store"
            location = entry.location
        }
    }

    static func write(_ entries: [Admin_Entry], as output: OutputFormat) throws {
        let rows = entries.map(Row.init)
        switch output {
        case .json: try StandardOutput.write(json: rows)
        case .table:
            var table = TextTable("NAME", "SPIFFE ID", "SELECTORS", "TTL", "OUTLIVES PROCESS", "SOURCE")
            for row in rows {
                table.add(
                    row.name,
                    row.spiffeID,
                    row.selectors.joined(separator: " "),
                    row.ttlSeconds.map { "\($0)s" } ?? "default",
                    row.outlivesProcess ? "yes" : "no",
                    row.location.isEmpty ? row.source : row.location
                )
            }
            StandardOutput.write(table.render())
        }
    }
}
