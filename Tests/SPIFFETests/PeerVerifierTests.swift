import Foundation
import SPIFFE
import Synchronization
import TestIdentities
import Testing
import X509
import ZeroTrust

@Suite struct `Peer verifier` {
    @Test(arguments: PeerCase.all)
    func `gives its verdict on each way to present oneself`(peer: PeerCase) throws {
        let world = try PeerWorld()
        let leaf = try peer.make(world)
        let verdict = PeerVerifier(bundles: world.bundles).verify(chain: leaf.chain)
        switch (verdict, peer.refusal) {
        case (.verified(let verified), nil):
            #expect(verified.notAfter == leaf.chain[0].notValidAfter)
            #expect(verified.fingerprint.count == 64)
        case (.refused(let refusal), let code?):
            #expect(refusal.code == code, "\(refusal)")
            #expect(!refusal.message.isEmpty)
        default: Issue.record("\(peer): \(verdict)")
        }
        // The same bytes get the same verdict from the other door.
        #expect(PeerVerifier(bundles: world.bundles).verify(chain: try leaf.der) == verdict)
    }

    @Test func `says who the peer is`() throws {
        let world = try PeerWorld()
        let svid = try world.ours.svid("/ns/ml-api/sa/api-gateway")
        guard case .verified(let peer) = PeerVerifier(bundles: world.bundles).verify(chain: svid.certificates) else {
            Issue.record("refused")
            return
        }
        #expect(peer.id == svid.id)
        #expect(peer.serialNumber == svid.serialNumber)
        #expect(peer.notAfter == svid.notAfter)
    }

    @Test func `refuses an empty chain`() {
        let verifier = PeerVerifier(bundles: [:])
        #expect(code(verifier.verify(chain: [Certificate]())) == "no_certificate")
        #expect(code(verifier.verify(chain: [[UInt8]]())) == "no_certificate")
    }

    @Test func `refuses everything of a trust domain whose bundle is empty`() throws {
        let world = try PeerWorld()
        let revoked = X509Bundle(trustDomain: world.ours.trustDomain, authorities: [])
        let verifier = PeerVerifier(bundles: [world.ours.trustDomain: revoked])
        #expect(code(verifier.verify(chain: try world.ours.leaf().chain)) == "empty_bundle")
    }

    @Test func `refuses a leaf that stands in the bundle itself`() throws {
        let world = try PeerWorld()
        let leaf = try world.ours.leaf()
        let bundle = X509Bundle(trustDomain: world.ours.trustDomain, authorities: [leaf.chain[0]])
        let verifier = PeerVerifier(bundles: [world.ours.trustDomain: bundle])
        #expect(code(verifier.verify(chain: leaf.chain)) != nil)
    }

    @Test func `refuses an authority of the bundle that is no CA`() throws {
        let root = try TestAuthority.root { $0.basicConstraints = nil }
        let verifier = PeerVerifier(bundles: [root.trustDomain: root.bundle])
        #expect(code(verifier.verify(chain: try root.leaf().chain)) == "issuer_not_ca")
    }

    @Test func `refuses an authority of the bundle that may not sign certificates`() throws {
        let root = try TestAuthority.root { $0.keyUsage = KeyUsage(digitalSignature: true) }
        let verifier = PeerVerifier(bundles: [root.trustDomain: root.bundle])
        #expect(code(verifier.verify(chain: try root.leaf().chain)) == "issuer_without_key_cert_sign")
    }

    @Test func `refuses an authority of the bundle that has expired`() throws {
        let root = try TestAuthority.root { $0.notAfter = $0.notBefore + 30 }
        let verifier = PeerVerifier(bundles: [root.trustDomain: root.bundle])
        #expect(code(verifier.verify(chain: try root.leaf().chain)) == "expired")
    }

    @Test func `accepts either of two overlapping roots of one name`() throws {
        let world = try PeerWorld()
        let both = X509Bundle(
            trustDomain: world.ours.trustDomain,
            authorities: [world.ours.certificate, world.stranger.certificate]
        )
        let verifier = PeerVerifier(bundles: [world.ours.trustDomain: both])
        #expect(code(verifier.verify(chain: try world.ours.leaf().chain)) == nil)
        #expect(code(verifier.verify(chain: try world.stranger.leaf().chain)) == nil)
    }

    @Test func `refuses a certificate with any one bit of its signed part changed`() throws {
        let world = try PeerWorld()
        let der = try world.ours.leaf().der
        let verifier = PeerVerifier(bundles: world.bundles)
        for offset in stride(from: 0, to: der[0].count, by: 3) {
            var changed = der
            changed[0][offset] ^= 1 << UInt8(offset % 8)
            #expect(code(verifier.verify(chain: changed)) != nil, "byte \(offset)")
        }
        #expect(code(verifier.verify(chain: der)) == nil)
    }

    @Test func `remembers a verified leaf no longer than its path is valid`() throws {
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        let clock = Box(now: start)
        let root = try TestAuthority.root(now: start)
        let intermediate = try root.intermediate { $0.notAfter = start + 600 }
        let leaf = try intermediate.leaf()
        let verifier = PeerVerifier(bundles: [root.trustDomain: root.bundle], clock: { clock.now.withLock { $0 } })
        #expect(code(verifier.verify(chain: leaf.chain)) == nil)
        // Known by its leaf alone now, as a resumed session shows it.
        #expect(code(verifier.verify(chain: [leaf.chain[0]])) == nil)
        clock.now.withLock { $0 = start + 601 }
        #expect(code(verifier.verify(chain: leaf.chain)) == "expired")
        #expect(code(verifier.verify(chain: [leaf.chain[0]])) == "unknown_authority")
        // A clock that steps back does not revive what was not valid yet.
        clock.now.withLock { $0 = start - 7200 }
        #expect(code(verifier.verify(chain: leaf.chain)) == "not_yet_valid")
        // Another verifier, made for other bundles, remembers nothing.
        let other = PeerVerifier(bundles: [root.trustDomain: root.bundle], clock: { start })
        #expect(code(other.verify(chain: [leaf.chain[0]])) == "unknown_authority")
    }

    @Test func `verifies many more leaves than it remembers`() throws {
        let root = try TestAuthority.root()
        let verifier = PeerVerifier(bundles: [root.trustDomain: root.bundle])
        let first = try root.leaf()
        #expect(code(verifier.verify(chain: first.chain)) == nil)
        for number in 0..<64 { #expect(code(verifier.verify(chain: try root.leaf("/w/\(number)").chain)) == nil) }
        #expect(code(verifier.verify(chain: first.chain)) == nil)
    }

    @Test func `verifies from within a task and an actor as from a thread`() async throws {
        let root = try TestAuthority.root()
        let leaf = try root.intermediate().leaf()
        let verifier = PeerVerifier(bundles: [root.trustDomain: root.bundle])
        let verdicts = await withTaskGroup { group in
            for _ in 0..<8 { group.addTask { PeerVerifier(bundles: verifier.bundles).verify(chain: leaf.chain) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(verdicts.allSatisfy { code($0) == nil })
        #expect(await Asker().ask(verifier, leaf.chain) == verdicts[0])
    }

    private actor Asker {
        func ask(_ verifier: PeerVerifier, _ chain: [Certificate]) -> PeerVerdict { verifier.verify(chain: chain) }
    }

    private final class Box: Sendable {
        /// The time, which the test sets.
        let now: Mutex<Date>
        init(now: Date) { self.now = Mutex(now) }
    }

    private func code(_ verdict: PeerVerdict) -> String? {
        if case .refused(let refusal) = verdict { refusal.code } else { nil }
    }
}
