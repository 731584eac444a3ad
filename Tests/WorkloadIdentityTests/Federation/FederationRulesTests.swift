import Foundation
import Resources
import SPIFFE
import Testing
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct FederationRulesTests {
    private static func rules(_ text: String) throws -> FederationRules {
        let snapshot = try ResourceLoader.load(sources: [("f.yaml", Data(text.utf8))])
        return try FederationRules(snapshot.documents, in: try TrustDomain("cluster.local"))
    }

    private static func partner(_ spec: String, kind: String = "FederatedTrustDomain") -> String {
        let version = kind == "FederatedTrustDomain" ? "lapwing.dev/v1alpha1" : "spire.spiffe.io/v1alpha1"
        return "{apiVersion: \(version), kind: \(kind), metadata: {name: p}, spec: {\(spec)}}"
    }

    private static func endpoint(_ spec: String) -> String {
        "{apiVersion: lapwing.dev/v1alpha1, kind: BundleEndpoint, metadata: {name: e}, spec: {\(spec)}}"
    }

    private static let web =
        "trustDomain: p.example, bundleEndpointURL: 'https://h/', bundleEndpointProfile: {type: https_web}"

    @Test func `rule 58: URL, profile and trust domain are three parameters`() throws {
        let rules = try Self.rules(
            Self.partner(Self.web) + "\n---\n"
                + Self.endpoint(
                    "address: 0.0.0.0, port: 8444, profile: {type: https_spiffe, spiffeID: 'spiffe://cluster.local/b'}"
                )
        )
        let partner = try #require(rules.trustDomains.first)
        #expect(
            partner.trustDomain.name == "p.example" && partner.url.host == "h" && partner.profile.name == "https_web"
        )
        let endpoint = try #require(rules.endpoints.first)
        #expect(endpoint.profile.name == "https_spiffe" && endpoint.refreshHint == 300)
        for name in ["trustDomain", "bundleEndpointURL", "bundleEndpointProfile"] {
            let spec = Self.web.split(separator: ", ").filter { !$0.hasPrefix(name) }.joined(separator: ", ")
            #expect(throws: ResourceError.self, "\(name)") { try Self.rules(Self.partner(spec)) }
        }
    }

    @Test func `SPIRE's own resource is read`() throws {
        let rules = try Self.rules(Self.partner("className: x, " + Self.web, kind: "ClusterFederatedTrustDomain"))
        #expect(rules.trustDomains.map(\.trustDomain.name) == ["p.example"])
    }

    @Test(arguments: [
        ("our own trust domain", Self.partner(Self.web.replacing("p.example", with: "cluster.local")), "itself"),
        ("a name that is none", Self.partner(Self.web.replacing("p.example", with: "P/x")), "f.yaml:1:"),
        ("plaintext", Self.partner(Self.web.replacing("https://", with: "http://")), "has to be `https`"),
        ("an unknown profile", Self.partner(Self.web.replacing("https_web", with: "https")), "https_web"),
        (
            "self-serving without a bundle",
            Self.partner(
                Self.web.replacing(
                    "type: https_web",
                    with: "type: https_spiffe, endpointSPIFFEID: 'spiffe://p.example/b'"
                )
            ), "trustDomainBundle"
        ),
        (
            "an endpoint of a stranger",
            Self.partner(
                Self.web.replacing(
                    "type: https_web",
                    with: "type: https_spiffe, endpointSPIFFEID: 'spiffe://q.example/b'"
                )
            ), "nothing could tell it"
        ),
        (
            "an endpoint that is a trust domain",
            Self.partner(
                Self.web.replacing(
                    "type: https_web",
                    with: "type: https_spiffe, endpointSPIFFEID: 'spiffe://p.example'"
                )
            ), "needs a path"
        ),
        (
            "a bundle as PEM", Self.partner(Self.web + ", trustDomainBundle: ' -----BEGIN CERTIFICATE-----'"),
            "expected a bundle as JSON, found certificates as PEM"
        ),
        ("a bundle that is none", Self.partner(Self.web + ", trustDomainBundle: '{}'"), "keys"),
        (
            "twice", Self.partner(Self.web) + "\n---\n" + Self.partner(Self.web).replacing("name: p", with: "name: q"),
            "stands here"
        ),
        ("an unknown field", Self.partner(Self.web + ", url: x"), "unknown field"),
        (
            "another's identity",
            Self.endpoint("address: 0.0.0.0, port: 1, profile: {type: https_spiffe, spiffeID: 'spiffe://p.example/b'}"),
            "no workload of the trust domain"
        ),
        (
            "a web endpoint without files", Self.endpoint("address: 0.0.0.0, port: 1, profile: {type: https_web}"),
            "certificateFile"
        ),
        ("no address", Self.endpoint("address: here, port: 1, profile: {type: https_web}"), "no IP address"),
        (
            "a hint of nothing",
            Self.endpoint(
                "address: '::', port: 1, refreshHint: 25h, profile: {type: https_web, certificateFile: a, keyFile: b}"
            ), "1s to 24h"
        ),
    ])
    func `what cannot be is refused with its place`(_ name: String, _ text: String, _ words: String) {
        let failure = #expect(throws: ResourceError.self) { try Self.rules(text) }
        #expect(failure?.description.contains(words) == true, "\(name): \(failure?.description ?? "")")
    }

    @Test func `an endpoint of a third trust domain is told by that one's bundle`() throws {
        let other = Self.web.replacing(
            "type: https_web",
            with: "type: https_spiffe, endpointSPIFFEID: 'spiffe://q.example/b'"
        )
        let text =
            Self.partner(other) + "\n---\n"
            + Self.partner(Self.web.replacing("p.example", with: "q.example")).replacing("name: p", with: "name: q")
        #expect(try Self.rules(text).trustDomains.count == 2)
    }
}
