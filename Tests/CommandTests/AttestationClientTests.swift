import Crypto
import Federation
import Foundation
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import lapwing

@Suite(.timeLimit(.minutes(5))) struct AttestationClientTests {
    private typealias Held = RemoteAttestationClient.Held

    @Test func `an endpoint is told by the latest bundle of its trust domain, where one came`() throws {
        let (first, next) = (try TestAuthority.root("a.test"), try TestAuthority.root("a.test"))
        let other = try TestAuthority.root("b.test")
        let id = try SPIFFEID("spiffe://a.test/endpoint")
        let before = BundleEndpointClient.Judge.spiffe(id, [first.trustDomain: first.bundle])
        func bundle(_ judge: BundleEndpointClient.Judge) -> String? {
            guard case .spiffe(let told, let bundles) = judge, told == id else { return nil }
            return bundles[told.trustDomain]?.pem
        }
        let latest = Held(svids: [], bundles: [next.trustDomain: next.bundle])
        #expect(bundle(latest.judge(after: before)) == next.bundle.pem)
        let another = Held(svids: [], bundles: [other.trustDomain: other.bundle])
        #expect(bundle(another.judge(after: before)) == first.bundle.pem)
        #expect(bundle(latest.judge(after: .web(authoritiesFile: nil))) == nil)
    }

    @Test func `the SVID that ends first says when to renew, and one that has ended says nothing`() throws {
        let authority = try TestAuthority.root("a.test")
        let now = authority.now
        func held(_ lives: [TimeInterval]) throws -> Held {
            let svids = try lives.map { life -> X509SVID in
                try authority.svid("/edge") { form in form.notAfter = now + life }
            }
            return Held(svids: svids, bundles: [:])
        }
        let half = try #require(try held([3000, -30, 100]).halfLife(at: now))
        // Certificates tell whole seconds.
        #expect((49...51).contains(half))
        #expect(try held([-30]).halfLife(at: now) == nil)
        #expect(try held([]).halfLife(at: now) == nil)
    }

    @Test func `a renewal shows the SVID that was given, by its own key`() throws {
        let svid = try TestAuthority.root("a.test").svid("/edge")
        let evidence = try RemoteAttestationClient.Evidence.renewal(of: svid)
        guard case .possession(let kind, let chain, let key) = evidence else {
            Issue.record("a renewal is a proof of possession")
            return
        }
        #expect(kind == "renewal" && chain == svid.chainPEM)
        let own = try P256.Signing.PrivateKey(pemRepresentation: svid.keyPEM.value)
        #expect(key.rawRepresentation == own.rawRepresentation)
    }
}
