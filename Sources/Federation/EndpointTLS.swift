import Foundation
import NIOCore
import NIOSSL
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// How TLS is spoken with bundle endpoints, and by ours: Mozilla's "intermediate" (SPIFFE Federation §5), without the
/// suites of finite-field Diffie-Hellman, which BoringSSL does not have.
enum EndpointTLS {
    private static let suites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    /// A server that shows a chain, and asks nobody who it is (§5.2.1.3, §5.2.2.3).
    static func server(
        _ chain: [NIOSSLCertificateSource],
        _ key: NIOSSLPrivateKeySource
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
        common(&configuration)
        configuration.certificateVerification = .none
        return try NIOSSLContext(configuration: configuration)
    }

    /// A server that shows an X.509-SVID.
    static func server(_ svid: X509SVID) throws -> NIOSSLContext {
        try server(
            try svid.certificatesDER.map { .certificate(try NIOSSLCertificate(bytes: $0, format: .der)) },
            .privateKey(try NIOSSLPrivateKey(bytes: svid.keyPKCS8.value, format: .der))
        )
    }

    /// A server that shows what is in PEM files.
    static func server(certificateFile: String, keyFile: String) throws -> NIOSSLContext {
        let chain = try chain(in: certificateFile)
        // A key that others can read is nobody's.
        let text = try PrivateFile.read(keyFile, maximum: 64 * 1024)
        let key: NIOSSLPrivateKey
        do { key = try NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem) } catch {
            throw FederationFailure(.badFile, "`\(keyFile)` holds no private key in PEM form")
        }
        do { return try server(chain.map { .certificate($0) }, .privateKey(key)) } catch {
            throw FederationFailure(
                .badFile,
                "the key in `\(keyFile)` is not that of the first certificate in `\(certificateFile)`"
            )
        }
    }

    /// The certificates in a PEM file, the server's own first.
    static func chain(in certificateFile: String) throws -> [NIOSSLCertificate] {
        let text = try PrivateFile.readPublic(certificateFile, maximum: 1024 * 1024)
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(Array(text.utf8)), !chain.isEmpty else {
            throw FederationFailure(.badFile, "`\(certificateFile)` holds no certificate in PEM form")
        }
        return chain
    }

    /// The handler of a client that tells the server by the profile.
    static func client(
        _ judge: BundleEndpointClient.Judge,
        _ host: String,
        clock: @escaping @Sendable () -> Date,
        note: @escaping @Sendable (String) -> Void
    ) throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        common(&configuration)
        // An address is no name to ask for; the certificate has to name the address then.
        let name = IPAddress(host) == nil ? host : nil
        switch judge {
        case .web(let file):
            if let file {
                do { configuration.trustRoots = .certificates(try chain(in: file)) } catch {
                    throw FederationFailure(
                        .badFile,
                        "there are no certificate authorities to tell `\(host)` by: "
                            + ((error as? FederationFailure)?.message ?? "\(error)")
                    )
                }
            }
            configuration.certificateVerification = .fullVerification
            return try NIOSSLClientHandler(
                context: try NIOSSLContext(configuration: configuration),
                serverHostname: name
            )
        case .spiffe(let id, let bundles):
            configuration.trustRoots = .certificates([])
            // The callback replaces BoringSSL's own check.
            configuration.certificateVerification = .noHostnameVerification
            let verifier = PeerVerifier(bundles: bundles, clock: clock)
            let context = try NIOSSLContext(configuration: configuration)
            return try NIOSSLClientHandler(context: context, serverHostname: name) { certificates, promise in
                guard let chain = try? certificates.map({ try $0.toDERBytes() }) else {
                    note("the server's certificate cannot be read")
                    return promise.succeed(.failed)
                }
                switch verifier.verify(chain: chain) {
                case .verified(let peer) where peer.id == id: promise.succeed(.certificateVerified)
                case .verified(let peer):
                    note("the server is `\(peer.id)`; expected `\(id)`")
                    promise.succeed(.failed)
                case .refused(let refusal):
                    note("\(refusal.message) (\(refusal.code))")
                    promise.succeed(.failed)
                }
            }
        }
    }

    private static func common(_ configuration: inout TLSConfiguration) {
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = suites
        configuration.applicationProtocols = ["http/1.1"]
        configuration.renegotiationSupport = .none
        configuration.shutdownTimeout = .seconds(1)
    }
}
