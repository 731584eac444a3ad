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
            abstract: "Make a join token, and print it; it is told this once.",
            discussion: "An entry with the selector `join-token:name:NAME` says who joins by it."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "What entries select by.")
        var name: String

        @Option(help: "How long it may be used, in seconds.")
        var ttl: UInt32 = 600

        func run() async throws {
            var request = Admin_CreateJoinTokenRequest()
            request.name = name
            request.ttl = ttl
            let response: Admin_CreateJoinTokenResponse = try await AdminClient(options).call(
                "CreateJoinToken",
                request
            )
            StandardOutput.write(response.token)
            StandardError.write("good once, until \(response.expires.date.formatted(.iso8601))")
        }
    }
}
