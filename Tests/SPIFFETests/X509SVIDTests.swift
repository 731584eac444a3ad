import Crypto
import Foundation
import SPIFFE
import TestIdentities
import Testing
import X509
import ZeroTrust

@Suite struct `X509 SVID` {
    /// The cases that a document's own shape decides, without a bundle.
    static let shapes = PeerCase.all.filter { shape in
        let outside: [SVIDError.Code] = [
            .expired, .notYetValid, .unknownAuthority, .unknownTrustDomain, .invalidPath, .nameConstraint, .repeatedKey,
        ]
        return !outside.contains { $0.rawValue == shape.refusal }
    }

    @Test(arguments: shapes)
    func `takes what has the right shape and names what is wrong with the rest`(peer: PeerCase) throws {
        let leaf = try peer.make(try PeerWorld())
        do throws(SVIDError) {
            let svid = try X509SVID(certificates: leaf.chain, privateKey: leaf.key)
            #expect(peer.refusal == nil)
            #expect(svid.certificates == leaf.chain)
        } catch {
            #expect(error.code.rawValue == peer.refusal, "\(error)")
        }
    }

    @Test func `comes back the same from DER and from PEM`() throws {
        let svid = try TestAuthority.root().intermediate().svid()
        let key = svid.keyPKCS8.value
        let forms = [
            try X509SVID(chainDER: svid.chainDER, keyPKCS8: key, hint: "internal"),
            try X509SVID(chainDER: svid.certificatesDER, keyPKCS8: key, hint: "internal"),
            try X509SVID(chainPEM: svid.chainPEM, keyPEM: svid.keyPEM.value, hint: "internal"),
            try X509SVID(
                chainPEM: svid.keyPEM.value + svid.chainPEM,
                keyPEM: svid.chainPEM + svid.keyPEM.value,
                hint: "internal"
            ),
        ]
        for form in forms {
            #expect(form.id == svid.id)
            #expect(form.certificates == svid.certificates)
            #expect(form.privateKey == svid.privateKey)
            #expect(form.hint == "internal")
        }
    }

    @Test func `never prints its key`() throws {
        let svid = try TestAuthority.root().svid()
        let key = svid.keyPKCS8.value.map { String($0) }.joined(separator: ", ")
        for text in ["\(svid)", String(reflecting: svid.keyPKCS8), "\(svid.keyPEM)"] {
            #expect(!text.contains(key) && !text.contains("PRIVATE KEY"))
        }
    }

    @Test func `refuses a key that is not the leaf's`() throws {
        let root = try TestAuthority.root()
        let (one, other) = (try root.leaf(), try root.leaf())
        expect(.keyMismatch) { try X509SVID(certificates: one.chain, privateKey: other.key) }
    }

    @Test func `refuses keys that are not unencrypted PKCS8`() throws {
        let svid = try TestAuthority.root().svid()
        let chain = svid.chainDER
        expect(.malformedKey) { try X509SVID(chainDER: chain, keyPKCS8: []) }
        expect(.malformedKey) { try X509SVID(chainDER: chain, keyPKCS8: [0x30, 0x00]) }
        expect(.malformedKey) { try X509SVID(chainDER: chain, keyPKCS8: Array("-----BEGIN PRIVATE KEY-----".utf8)) }
        expect(.malformedKey) { try X509SVID(chainDER: chain, keyPKCS8: svid.keyPKCS8.value + [0]) }
        expect(.tooLarge) { try X509SVID(chainDER: chain, keyPKCS8: [UInt8](repeating: 0x30, count: 20_000)) }
        expect(.malformedKey) { try X509SVID(chainPEM: svid.chainPEM, keyPEM: svid.chainPEM) }
    }

    @Test func `refuses chains that are not DER one after another`() throws {
        let svid = try TestAuthority.root().svid()
        let (chain, key) = (svid.chainDER, svid.keyPKCS8.value)
        expect(.noCertificate) { try X509SVID(chainDER: [UInt8](), keyPKCS8: key) }
        expect(.malformedCertificate) { try X509SVID(chainDER: chain + [0], keyPKCS8: key) }
        expect(.malformedCertificate) { try X509SVID(chainDER: Array(chain.dropLast()), keyPKCS8: key) }
        expect(.malformedCertificate) { try X509SVID(chainDER: Array(svid.chainPEM.utf8), keyPKCS8: key) }
        expect(.malformedCertificate) { try X509SVID(chainDER: [0x30, 0x80, 0, 0], keyPKCS8: key) }
        expect(.malformedCertificate) { try X509SVID(chainDER: [0x30, 0x81, 0x01, 0x00], keyPKCS8: key) }
        expect(.tooLarge) { try X509SVID(chainDER: [0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], keyPKCS8: key) }
        expect(.tooLarge) { try X509SVID(chainDER: [UInt8](repeating: 0x30, count: 100_000), keyPKCS8: key) }
        expect(.chainTooLong) { try X509SVID(chainDER: Array(repeating: chain, count: 9), keyPKCS8: key) }
        expect(.noCertificate) { try X509SVID(chainPEM: svid.keyPEM.value, keyPEM: svid.keyPEM.value) }
        expect(.malformedPEM) { try X509SVID(chainPEM: "not PEM", keyPEM: svid.keyPEM.value) }
    }

    @Test func `bounds its hint`() throws {
        let svid = try TestAuthority.root().svid()
        let key = svid.keyPKCS8.value
        _ = try X509SVID(chainDER: svid.chainDER, keyPKCS8: key, hint: String(repeating: "h", count: 1024))
        expect(.hintTooLong) {
            try X509SVID(chainDER: svid.chainDER, keyPKCS8: key, hint: String(repeating: "h", count: 1025))
        }
    }

    @Test func `is checked against its own bundle before it is handed out`() throws {
        let now = Date()
        let world = try PeerWorld(now: now)
        let svid = try world.ours.svid()
        try svid.check(against: world.ours.bundle, at: now)
        expect(.unknownAuthority) { try svid.check(against: world.stranger.bundle, at: now) }
        expect(.foreignTrustDomain) { try svid.check(against: world.partner.bundle, at: now) }
        expect(.expired) { try svid.check(against: world.ours.bundle, at: now + 7200) }
        expect(.notYetValid) { try svid.check(against: world.ours.bundle, at: now - 7200) }
        expect(.emptyBundle) {
            try svid.check(against: X509Bundle(trustDomain: world.ours.trustDomain, authorities: []), at: now)
        }
    }

    private func expect(
        _ code: SVIDError.Code,
        _ body: () throws -> some Any,
        at line: SourceLocation = #_sourceLocation
    ) {
        do {
            _ = try body()
            Issue.record("nothing was refused; expected \(code.rawValue)", sourceLocation: line)
        } catch {
            #expect((error as? SVIDError)?.code == code, sourceLocation: line)
        }
    }
}
