import ArgumentParser
import Foundation
import Glibc
import Resources
import SPIFFE
import WireProtos
import WorkloadIdentity

/// `lapwing identity oidc`: what clouds find our keys by.
struct IdentityOIDCCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oidc",
        abstract: "What AWS, Google Cloud and Azure find the keys of our tokens by.",
        subcommands: [Export.self]
    )
}

extension IdentityOIDCCommand {
    /// `lapwing identity oidc export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Write the issuer's documents as files, for a bucket or a web server.",
            discussion: """
                Writes DIR/.well-known/openid-configuration and DIR/keys. Serve them at the issuer's URL, which is \
                `authority.jwtIssuer` of Settings and stands in every token. A new key is published hours before it \
                signs: export again within the hour (--watch does, whenever the keys have changed).
                """
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The directory that is served at the issuer's URL.", completion: .directory)
        var directory: String

        @Flag(help: "Go on, and write again whenever the keys have changed.")
        var watch = false

        func run() async throws {
            let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
            let settings = try Settings(options, documents: documents)
            guard let issuer = settings.authority.tokens.issuer else {
                throw CommandError(
                    .usage,
                    "there is no issuer; write its URL as `authority.jwtIssuer` into the Settings in `\(settings.config.value)`"
                )
            }
            var last: OIDCDocuments?
            repeat {
                do {
                    let documents = try await fetch(issuer, settings)
                    if documents != last {
                        try write(documents)
                        StandardError.write(
                            "wrote \(directory)\(OIDCDocuments.discoveryPath) and \(directory)\(OIDCDocuments.keysPath)"
                        )
                    }
                    last = documents
                } catch {
                    guard watch, last != nil else { throw error }
                    StandardError.write("lapwing: warning: the keys could not be looked at: \(error)")
                }
                if watch { try await Task.sleep(for: .seconds(30)) }
            } while watch
        }

        private func fetch(_ issuer: OIDCIssuer, _ settings: Settings) async throws -> OIDCDocuments {
            let response: Admin_ShowBundleResponse = try await AdminClient(options).call(
                "ShowBundle",
                Admin_ShowBundleRequest()
            )
            let bundle = try SPIFFEBundle(trustDomain: settings.trustDomain.value, document: Array(response.document))
            do { return try OIDCDocuments(issuer: issuer, bundle: JWTBundle(bundle)) } catch {
                throw CommandError(.refused, error.message)
            }
        }

        /// The keys first: whoever reads the description finds them.
        private func write(_ documents: OIDCDocuments) throws {
            do {
                try FileManager.default.createDirectory(
                    atPath: directory + "/.well-known",
                    withIntermediateDirectories: true
                )
                for (path, text) in [
                    (OIDCDocuments.keysPath, documents.keys), (OIDCDocuments.discoveryPath, documents.discovery),
                ] {
                    try text.write(toFile: directory + path, atomically: true, encoding: .utf8)
                    chmodReadable(directory + path)
                }
            } catch {
                throw CommandError(.unreachable, "cannot write to `\(directory)`: \(SystemReason.of(error))")
            }
        }

        private func chmodReadable(_ path: String) { _ = unsafe chmod(path, 0o644) }
    }
}
