import Foundation
import SwiftASN1
import Testing
import X509

@testable import SPIFFE

@Suite struct ModelExtensionTests {
    static let digest = "sha256:" + String(repeating: "5e", count: 32)

    private func bytes(_ claim: ModelClaim) throws -> [UInt8] { Array(try ModelExtension.encode(claim).value) }

    private func read(_ value: [UInt8], critical: Bool = false) throws(SVIDError) -> ModelClaim? {
        try ModelExtension.claim(
            in: Certificate.Extension(oid: ModelExtension.identifier, critical: critical, value: value[...])
        )
    }

    @Test func `a claim is written and read back`() throws {
        for signer in ["spiffe://cluster.local/ns/a/sa/b", "ä", String(repeating: "x", count: 512)] {
            let claim = try #require(ModelClaim(digest: Self.digest, signer: signer))
            #expect(try read(try bytes(claim)) == claim)
        }
        #expect("\(ModelExtension.identifier)" == "2.25.1186934735.1")
    }

    @Test func `no claim has another form`() {
        for (digest, signer) in [
            ("", "a"), (Self.digest, ""), (Self.digest + "0", "a"), (Self.digest.uppercased(), "a"),
            ("sha512:" + Self.digest.dropFirst(7), "a"), (Self.digest, "a\n"), (Self.digest, "a\u{85}"),
            (Self.digest, String(repeating: "x", count: 513)),
        ] {
            #expect(ModelClaim(digest: digest, signer: signer) == nil)
        }
    }

    @Test func `a critical or damaged claim is no claim and no absence`() throws {
        let claim = try #require(ModelClaim(digest: Self.digest, signer: "signer"))
        let good = try bytes(claim)
        #expect(throws: SVIDError.self) { try read(good, critical: true) }
        #expect(throws: SVIDError.self) { try read(good + [0]) }
        #expect(throws: SVIDError.self) { try read([]) }
        #expect(throws: SVIDError.self) { try read([UInt8](repeating: 0x30, count: 2000)) }
        // Whatever is done to the bytes, they are refused, or are the one encoding of another claim.
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var value = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                switch Int.random(in: 0..<3, using: &generator) {
                case 0 where !value.isEmpty: value[Int.random(in: 0..<value.count)] = .random(in: 0...255)
                case 1 where !value.isEmpty: value.remove(at: Int.random(in: 0..<value.count))
                default: value.insert(.random(in: 0...255), at: Int.random(in: 0...value.count))
                }
            }
            guard let read = try? read(value) else { continue }
            #expect(try bytes(read) == value)
        }
    }
}
