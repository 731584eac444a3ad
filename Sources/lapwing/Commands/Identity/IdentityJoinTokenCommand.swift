import ArgumentParser
import Foundation
import SwiftProtobuf
import WireProtos

/// `lapwing identity join-token`: a secret by which one workload of another machine joins, once.
struct IdentityJoinTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join-token",
        abstract: "Make a secret by which one workload of another machine joins, once.",
        subcommands: [Create.self]
    )

    /// `lapwing identity join-token create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a join token, and print it; it is told this once.",
            discussion: "An entry with the selector `join-token:name:NAME` says who joins by it."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "What entries select by.")
        var name: String

        @Option(help: "How long it may be used: seconds, or a length of time such as 10m.")
        var ttl = SecondsArgument(seconds: 600)

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() async throws {
            var request = Admin_CreateJoinTokenRequest()
            request.name = name
            request.ttl = ttl.seconds
            let client = try AdminClient(options)
            let response: Admin_CreateJoinTokenResponse = try await client.call("CreateJoinToken", request)
            switch output {
            case .json:
                struct Form: Encodable {
                    let name, token: String
                    let expires: Date
                }
                try StandardOutput.write(
                    json: Form(name: name, token: response.token, expires: response.expires.date)
                )
            case .table:
                StandardOutput.write(response.token)
                StandardError.write("good once, until \(response.expires.date.formatted(.iso8601))")
            }
            // The token is made and told by now, whether or not the entries can be had.
            let known: Admin_ListEntriesResponse
            do { known = try await client.call("ListEntries", Admin_ListEntriesRequest()) } catch { return }
            let selector = "join-token:name:\(name)"
            guard !known.entries.contains(where: { $0.selectors.contains(selector) }) else { return }
            StandardError.write(
                "warning: no entry selects `\(selector)`; whoever shows the token gets nothing until one does"
            )
        }
    }
}
