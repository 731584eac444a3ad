import Foundation
import SPIFFE
import TestIdentities
import Testing

@testable import ModelTrust

/// Keys and timestamps that OpenSSL makes.
@Suite struct OpenSSLTests {
    @Test(arguments: [
        "aes-256-cbc -v2prf hmacWithSHA256", "aes-128-cbc -v2prf hmacWithSHA512", "aes-192-cbc -v2prf hmacWithSHA1",
    ]) func `an encrypted key opens with its password and with no other`(_ cipher: String) throws {
        guard let openssl = ExternalProgram.openssl else { return }
        let world = try ModelWorld()
        for curve in ["P-256", "P-384", "P-521"] {
            let made = try ExternalProgram.run(
                "/bin/sh",
                [
                    "-c",
                    "'\(openssl)' genpkey -algorithm EC -pkeyopt ec_paramgen_curve:\(curve) | '\(openssl)' pkcs8 -topk8 -v2 \(cipher) -passout pass:lapwing -out key.pem",
                ],
                in: world.folder
            )
            #expect(made.status == 0, "\(made.output)")
            let pem = try String(contentsOfFile: world.folder + "/key.pem", encoding: .utf8)
            #expect(SignerPrivateKey.isEncrypted(pem: pem))
            let key = try SignerPrivateKey(pem: pem, password: "lapwing")
            #expect(key.publicKey.curve.rawValue == curve)
            #expect("\(key)" == "<redacted>")
            #expect(throws: ModelRefusal.self) { try SignerPrivateKey(pem: pem, password: "Lapwing") }
            #expect(throws: ModelRefusal.self) { try SignerPrivateKey(pem: pem) }
        }
    }

    @Test(arguments: ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256"])
    func `a timestamp lets a workload's signature outlive its certificate`(_ algorithm: String) throws {
        guard let openssl = ExternalProgram.openssl else { return }
        let authority = try TestAuthority.root()
        let world = try ModelWorld()
        let tsa = try TimestampServer(openssl: openssl, folder: world.folder, algorithm: algorithm)
        let svid = try authority.svid("/ns/ml-training/sa/pipeline")
        let signer = ModelSigner(credential: try SigningCredential(svid: svid))
        func write(_ stamp: @escaping ([UInt8]) throws -> [UInt8]) throws {
            let signed = try signer.sign(model: world.model, signatureFile: world.signature, timestamp: stamp)
            try Data(signed.bundle).write(to: URL(fileURLWithPath: world.signature))
        }
        let bundle = X509Bundle(trustDomain: authority.trustDomain, authorities: [authority.certificate])
        let late = Date() + 86_400 * 365
        func trust(_ timestamps: TimestampTrust?) -> SignerTrust {
            .spiffe([authority.trustDomain: bundle], identities: nil, timestamps: timestamps)
        }
        try write(tsa.stamp)
        let believed = try TimestampTrust(pem: tsa.certificates)
        #expect(world.verify(trust: trust(believed), at: late).verified?.signer.signedBy != nil)
        // Nobody looks at a timestamp of an authority that is not trusted.
        #expect(world.verify(trust: trust(nil), at: late).refusal == .unverifiable)
        let other = try TimestampTrust(pem: bundle.pem)
        #expect(world.verify(trust: trust(other), at: late).refusal == .timestamp)
        // A timestamp of something else proves nothing.
        try write { _ in try tsa.stamp(Array("another signature".utf8)) }
        #expect(world.verify(trust: trust(believed), at: late).refusal == .timestamp)
        // Without one, the certificate has to be valid now.
        try world.sign(by: try SigningCredential(svid: svid))
        #expect(world.verify(trust: trust(believed), at: late).refusal == .expired)
    }
}
