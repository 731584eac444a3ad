import ArgumentParser
import Foundation
import RPC
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// `lapwing identity token`: JWT-SVIDs.
struct IdentityTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "This process's own JWT-SVIDs, and those of others.",
        subcommands: [Fetch.self, Validate.self]
    )

    /// The forms that a token is printed in.
    enum Form: String, ExpressibleByArgument, CaseIterable { case table, json, raw }

    /// What is told of a token: everything but the token.
    struct Row: Encodable {
        let spiffeID: String
        let audiences: [String]
        let issuedAt: Date?
        let expiresAt: Date
        let keyID: String

        init(_ svid: JWTSVID) {
            spiffeID = svid.id.description
            audiences = svid.audiences
            issuedAt = svid.issuedAt
            expiresAt = svid.expiresAt
            keyID = svid.keyID
        }
    }
}

extension IdentityTokenCommand {
    /// `lapwing identity token fetch`.
    struct Fetch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fetch",
            abstract: "Fetch JWT-SVIDs that the Workload API gives to the caller of this command.",
            discussion: """
                A token lives five minutes, and whoever has it is you for as long. It is printed with `-o raw` only, \
                or written with --write to a file that you alone can read. The socket is that of --run, or the one \
                that SPIFFE_ENDPOINT_SOCKET names.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(help: "For whom the token is meant; may be repeated, though one is best.")
        var audience: [String]

        @Option(help: "Which identity, where the process has several.")
        var spiffeId: String?

        @Option(
            help: "Write the first token to a file, readable by you alone, that appears whole or not at all.",
            completion: .file()
        )
        var write: String?

        @Option(name: .shortAndLong, help: "Output: table, json, or raw for the first token itself.")
        var output = Form.table

        func run() async throws {
            let access = try WorkloadAPIAccess(options)
            let id = try spiffeId.map { text in
                do { return try SPIFFEID(text) } catch {
                    throw CommandError(.usage, "`\(text)` is no SPIFFE ID: \(error)")
                }
            }
            let svids: [JWTSVID]
            do { svids = try await access.client.fetchJWTSVIDs(audiences: audience, id: id) } catch {
                throw access.reason(error)
            }
            if let write {
                do { try PrivateFile.write(svids[0].token.value, to: write) } catch {
                    throw CommandError(.unreachable, error.message)
                }
                let whose = svids.count > 1 ? ", the token of \(svids[0].id)" : ""
                StandardError.write("wrote \(write)\(whose)\n\(IdentityCommand.SVID.Fetch.lifeOfFiles)")
            }
            switch output {
            case .raw: StandardOutput.write(svids[0].token.value)
            case .json: try StandardOutput.write(json: svids.map(Row.init))
            case .table:
                var table = TextTable("SPIFFE ID", "AUDIENCE", "EXPIRES")
                for svid in svids {
                    table.add(
                        svid.id.description,
                        svid.audiences.joined(separator: " "),
                        svid.expiresAt.formatted(.iso8601)
                    )
                }
                StandardOutput.write(table.render())
            }
        }
    }

    /// `lapwing identity token validate`.
    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "validate",
            abstract: "Say whose a JWT-SVID is, or why it is not valid.",
            discussion: """
                The token is read from a file or, without one, from standard input: on a command line every user of \
                the machine could see it. The exit code is 4 for a token that is not valid.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(help: "For whom the token has to be meant.")
        var audience: String

        @Argument(help: "The file with the token; `-` or nothing for standard input.")
        var file = "-"

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() async throws {
            let token = Redacted(try Self.read(file))
            let access = try WorkloadAPIAccess(options)
            let bundles: JWTBundleSet
            do { bundles = try await access.client.fetchJWTBundles() } catch { throw access.reason(error) }
            let svid: JWTSVID
            do throws(TokenRefusal) {
                svid = try JWTSVID(token.value, audiences: [audience], bundles: bundles, at: Date())
            } catch {
                throw CommandError(.unverified, "\(error.message) (\(error.code.rawValue))")
            }
            // What is revoked only the authority knows.
            do { _ = try await access.client.validateJWTSVID(token, audience: audience) } catch {
                if let status = error as? RPCStatus, status.code == .invalidArgument {
                    throw CommandError(.unverified, status.message)
                }
                throw access.reason(error)
            }
            switch output {
            case .json: try StandardOutput.write(json: Row(svid))
            case .table:
                var table = TextTable("SPIFFE ID", "AUDIENCE", "EXPIRES")
                table.add(
                    svid.id.description,
                    svid.audiences.joined(separator: " "),
                    svid.expiresAt.formatted(.iso8601)
                )
                StandardOutput.write(table.render())
            }
        }

        /// The token without the line break that editors and shells put behind it.
        private static func read(_ file: String) throws -> String {
            let limit = 64 * 1024
            let data: Data
            if file == "-" {
                data = try FileHandle.standardInput.read(upToCount: limit) ?? Data()
            } else {
                do {
                    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
                    data = try handle.read(upToCount: limit) ?? Data()
                } catch {
                    throw CommandError(.usage, "cannot read `\(file)`: \(SystemReason.of(error))")
                }
            }
            var text = String(decoding: data, as: UTF8.self)
            if text.hasSuffix("\n") { text.removeLast() }
            guard !text.isEmpty else {
                throw CommandError(.usage, "there is no token \(file == "-" ? "on standard input" : "in `\(file)`")")
            }
            return text
        }
    }
}
