import Crypto
import Foundation
import SPIFFE
import Testing
import WorkloadIdentity
import X509
import ZeroTrust

@testable import Federation

@Suite(.timeLimit(.minutes(5))) struct OIDCEndpointServerTests {
    private let issuer: OIDCIssuer
    private let documents: OIDCDocuments

    init() throws {
        issuer = try OIDCIssuer("https://id.example/prod")
        let key = Certificate.PublicKey(P256.Signing.PrivateKey().publicKey)
        documents = try OIDCDocuments(
            issuer: issuer,
            bundle: JWTBundle(
                trustDomain: try TrustDomain("cluster.local"),
                authorities: [try TokenAuthority(keyID: "k", publicKey: key)]
            )
        )
    }

    private func answer(
        _ target: String,
        host: String? = "id.example",
        method: String = "GET",
        _ documents: OIDCDocuments?
    ) -> HTTPSEndpoint.Answer {
        OIDCEndpointServer.answer(
            .init(method: method, target: target, host: host, body: [], remoteAddress: "192.0.2.1"),
            of: issuer,
            documents
        )
    }

    @Test(arguments: [
        ("/prod/.well-known/openid-configuration", "id.example", "GET", 200),
        ("/prod/.well-known/openid-configuration?x=1", "ID.example:443", "HEAD", 200),
        ("/prod/keys", "id.example:8446", "GET", 200),
        ("/prod/keys", "id.example", "POST", 405),
        ("/keys", "id.example", "GET", 404),
        ("/.well-known/openid-configuration", "id.example", "GET", 404),
        ("/prod/", "id.example", "GET", 404),
        ("/prod/keys/", "id.example", "GET", 404),
        ("/prod/%6beys", "id.example", "GET", 404),
        ("https://id.example/prod/keys", "id.example", "GET", 404),
        ("/prod/keys", "other.example", "GET", 400),
        ("/prod/keys", "id.example.", "GET", 400),
        ("/prod/keys", "id.example:443:1", "GET", 400),
        ("/prod/keys", "id.example:x", "GET", 400),
        ("/prod/keys", "", "GET", 400),
    ])
    func `the documents are had by the issuer's own name and paths only`(
        _ target: String,
        _ host: String,
        _ method: String,
        _ status: Int
    ) {
        #expect(answer(target, host: host, method: method, documents).status == status)
    }

    @Test func `what is served is what would be exported, and before there are keys nothing is`() {
        #expect(answer("/prod/keys", documents).body == Array(documents.keys.utf8))
        #expect(
            answer("/prod/.well-known/openid-configuration", documents).body == Array(documents.discovery.utf8)
        )
        #expect(answer("/prod/keys", nil).status == 503)
        #expect(answer("/prod/keys", host: nil, documents).status == 400)
    }
}
