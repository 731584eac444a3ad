import ArgumentParser
import Crypto
import Federation
import Foundation
import SPIFFE
import WorkloadIdentity
import X509
import ZeroTrust

/// `lapwing identity attest`: an X.509-SVID for a workload of another machine, for what it shows.
struct IdentityAttestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Get an identity from an installation of another machine, for a token or a certificate.",
        discussion: """
            The key is made here and never leaves. What is written is what `identity svid fetch --write` writes: \
            svid.N.pem, svid.N.key and bundle.N.pem, readable by you alone. With --keep it is renewed at half of its \
            life until the command is stopped.
            """
    )

    @Argument(help: "The endpoint: https://HOST:PORT")
    var url: String

    @Option(help: "The directory to write to.", completion: .directory)
    var write: String

    @Option(help: "A file with a projected service-account token of Kubernetes.", completion: .file())
    var kubernetesToken: String?

    @Option(help: "A file with a join token, which counts once.", completion: .file())
    var joinToken: String?

    @Option(help: "A file with a certificate, and those above it, as PEM; with --key.", completion: .file())
    var certificate: String?

    @Option(help: "The certificate's key as PEM (P-256), readable by you alone.", completion: .file())
    var key: String?

    @Option(
        help: "Certificate authorities that vouch for the endpoint, as PEM; those of the system otherwise.",
        completion: .file()
    )
    var caFile: String?

    @Option(name: .customLong("spiffe-id"), help: "The endpoint's SPIFFE ID, where it shows an SVID; with --bundle.")
    var spiffeID: String?

    @Option(help: "The bundle of the endpoint's trust domain as PEM.", completion: .file())
    var bundle: String?

    @Flag(help: "Renew it until the command is stopped.")
    var keep = false

    func run() async throws {
        var attestation = RemoteAttestationClient(url: try endpoint(), judge: try judge())
        do {
            try FileManager.default.createDirectory(
                atPath: write,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw CommandError(.usage, "cannot make the directory `\(write)`: \(SystemReason.of(error))")
        }
        var held = try await attestation.fetch(try evidence())
        try held.write(to: write)
        StandardError.write("wrote \(held.svids.map(\.id.description).joined(separator: ", ")) to \(write)")
        guard keep else { return }
        var pause: TimeInterval = 1
        while true {
            let half = held.halfLife(at: Date()) ?? 0
            try await Task.sleep(for: .seconds(max(half, pause)))
            // The endpoint's trust domain may have other keys by now than at the start.
            attestation.judge = held.judge(after: attestation.judge)
            do {
                if joinToken == nil {
                    held = try await attestation.fetch(try evidence())
                    try held.write(to: write)
                } else {
                    // A join token has counted once; what it gave goes on.
                    let (renewed, problems) = try await attestation.renew(held)
                    held = renewed
                    try held.write(to: write)
                    guard problems.isEmpty else {
                        throw CommandError(.unreachable, problems.joined(separator: "; "))
                    }
                }
                pause = 1
            } catch {
                pause = min(pause * 2, 60)
                StandardError.write("not renewed: \(error); what was written stays good until it expires")
            }
        }
    }

    private func endpoint() throws -> BundleEndpointURL {
        do { return try BundleEndpointURL(url) } catch {
            throw CommandError(.usage, error.message.replacing("no bundle endpoint", with: "no attestation endpoint"))
        }
    }

    private func judge() throws -> BundleEndpointClient.Judge {
        guard let spiffeID else { return .web(authoritiesFile: caFile) }
        guard let bundle, let id = try? SPIFFEID(spiffeID), !id.path.isEmpty else {
            throw CommandError(.usage, "--spiffe-id needs the ID of a workload, and --bundle")
        }
        let pem: String
        do { pem = try String(contentsOfFile: bundle, encoding: .utf8) } catch {
            throw CommandError(.usage, "cannot read `\(bundle)`: \(SystemReason.of(error))")
        }
        do { return .spiffe(id, [id.trustDomain: try X509Bundle(trustDomain: id.trustDomain, pem: pem)]) } catch {
            throw CommandError(
                .usage,
                "`\(bundle)` is no bundle: \(error); `lapwing identity bundle show` prints one, at the installation"
            )
        }
    }

    private func evidence() throws -> RemoteAttestationClient.Evidence {
        func text(_ file: String) throws -> String {
            do {
                return try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            } catch { throw CommandError(.unreachable, "cannot read `\(file)`: \(SystemReason.of(error))") }
        }
        switch (kubernetesToken, joinToken, certificate) {
        case (let file?, nil, nil): return .secret(kind: "kubernetes", Redacted(try text(file)))
        case (nil, let file?, nil):
            let token = try text(file)
            guard token.hasPrefix(JoinToken.prefix) else {
                throw CommandError(
                    .usage,
                    "`\(file)` holds no join token, which begins with `\(JoinToken.prefix)`; "
                        + "`lapwing identity join-token create NAME` prints one"
                )
            }
            return .secret(kind: "join-token", Redacted(token))
        case (nil, nil, let file?):
            guard let key else { throw CommandError(.usage, "--certificate needs --key") }
            let chain = try text(file)
            do {
                let pem = try PrivateFile.read(key, maximum: 64 * 1024)
                let key = try P256.Signing.PrivateKey(pemRepresentation: pem)
                return .possession(kind: "x509pop", chain: chain, key: key)
            } catch let error as IdentityError { throw CommandError(.unreachable, error.message) } catch {
                throw CommandError(.usage, "`\(key)` holds no P-256 key in PEM form")
            }
        default:
            throw CommandError(.usage, "name one of --kubernetes-token, --join-token and --certificate")
        }
    }
}
