import RPC
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct SecretStreamTests {
    private func request(_ names: [String], nonce: String = "", error: String? = nil, type: String = "")
        -> Discovery_DiscoveryRequest
    {
        var request = Discovery_DiscoveryRequest()
        request.typeURL = type
        request.resourceNames = names
        request.responseNonce = nonce
        if let error { request.errorDetail.message = error }
        return request
    }

    @Test func `requests ask, accept, refuse, or come too late`() throws {
        let stream = SecretStream()
        #expect(stream.names == nil)
        #expect(try stream.take(request(["default", "ROOTCA", "default"])) == .news)
        #expect(stream.names == ["default", "ROOTCA"])
        let first = try #require(stream.send(version: "a", for: ["default"]))
        #expect(stream.send(version: "a", for: ["default"]) == nil)
        #expect(try stream.take(request(["default"], nonce: first.nonce)) == .news)
        #expect(try stream.take(request(["default"], nonce: first.nonce)) == .accepted)
        #expect(try stream.take(request(["default"], nonce: first.nonce, error: "no")) == .refused("no"))
        let second = try #require(stream.send(version: "b", for: ["default"]))
        #expect(second.nonce != first.nonce && second.version == "b")
        // What answers the first one says nothing of the second, whatever it asks for.
        #expect(try stream.take(request(["ALL"], nonce: first.nonce)) == .stale)
        #expect(stream.names == ["default"])
        #expect(try stream.take(request(["ALL"], nonce: second.nonce)) == .news)
        // The same version under other names is an answer of its own.
        #expect(stream.send(version: "b", for: ["ALL"]) != nil)
    }

    @Test func `another kind of resource, and more than a stream may ask, are refused`() {
        let stream = SecretStream()
        for wrong in [
            request(["x"], type: "type.googleapis.com/envoy.config.cluster.v3.Cluster"),
            request((0...SecretStream.maximumNames).map { "spiffe://cluster.local/\($0)" }),
            request([String(repeating: "a", count: 2049)]),
        ] {
            #expect(throws: RPCStatus.self) { try stream.take(wrong) }
        }
        #expect(stream.names == nil)
    }

    @Test func `names are SPIRE's`() throws {
        #expect(SecretName("default") == .ownCertificate && SecretName("ROOTCA") == .ownRoots)
        #expect(SecretName("ALL") == .allRoots)
        #expect(SecretName("spiffe://a.example") == .roots(try TrustDomain("a.example")))
        #expect(SecretName("spiffe://a.example/b") == .certificate(try SPIFFEID("spiffe://a.example/b")))
        for wrong in ["", "Default", "rootca", "all", "spiffe://", "spiffe://A/b", "spiffe://a/b/", "https://a/b"] {
            #expect(SecretName(wrong) == nil, "\(wrong)")
        }
    }
}
