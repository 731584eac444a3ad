import Authorization
import Crypto
import Foundation
import Resources
import SPIFFE
import Testing
import X509
import ZeroTrust

/// The policies of the reference scenario and requests to it.
enum Fixture {
    /// Only api-gateway may POST the two paths.
    static let reference = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: inference, namespace: ml-inference}
        spec:
          selector: {matchLabels: {app: inference-service}}
          rules:
          - from:
            - source: {principals: [cluster.local/ns/ml-api/sa/api-gateway]}
            to:
            - operation: {methods: [POST], paths: [/v1/predict, /v1/stream]}
        """

    static let workload = Workload(namespace: "ml-inference", labels: ["app": "inference-service"])
    static let gateway = "spiffe://cluster.local/ns/ml-api/sa/api-gateway"

    /// A policy with a rule, a flow mapping, and an action.
    static func policy(_ rule: String, action: String = "ALLOW", name: String = "p") -> String {
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: \(name), namespace: ml-inference}
        spec: {action: \(action), rules: [\(rule)]}
        """
    }

    /// An engine of policies, joined as documents.
    static func engine(
        _ policies: String...,
        compatibility: Compatibility = .strict,
        workload: Workload = Fixture.workload
    ) throws -> PolicyEngine {
        let documents = try ResourceLoader.parse(yaml: policies.joined(separator: "\n---\n"), file: "policy.yaml")
        return try PolicyEngine(
            policies: try PolicySet.load(documents),
            workload: workload,
            options: PolicyEngine.Options(compatibility: compatibility)
        )
    }

    /// A request; the defaults are the reference scenario's.
    static func attributes(
        caller: Caller = Caller(uris: [gateway]),
        method: String = "POST",
        path: String = "/v1/predict",
        authority: String = "inference.example",
        headers: [(String, String)] = [],
        source: String = "10.0.0.7",
        remote: String? = nil,
        port: UInt16 = 8080,
        serverName: String? = nil
    ) throws -> Attributes {
        Attributes(
            caller: caller,
            method: method,
            path: path,
            authority: authority,
            headers: headers.map { Exchange.Header(name: $0.0, value: $0.1) },
            source: try #require(IPAddress(source)),
            remote: remote.flatMap { IPAddress($0) },
            destination: Exchange.Endpoint(address: IPAddress(v4: 0x0a00_0001), port: port),
            serverName: serverName
        )
    }

    /// An exchange of the reference scenario.
    static func exchange(method: String = "POST", path: String = "/v1/predict") -> Exchange {
        Exchange(
            id: RequestID(milliseconds: 1, random: 2),
            method: method,
            path: path,
            authority: "inference.example",
            source: Exchange.Endpoint(address: IPAddress(v4: 0x0a00_0007), port: 40000),
            destination: Exchange.Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 8443)
        )
    }

    /// A peer with a SPIFFE ID, verified for real against an authority made for the purpose.
    static func peer(_ id: String) throws -> Peer {
        let now = Date()
        let identity = try SPIFFEID(id)
        let authorityKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let authorityName = try DistinguishedName { CommonName("authority") }
        let authority = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: authorityKey.publicKey,
            notValidBefore: now - 60,
            notValidAfter: now + 3600,
            issuer: authorityName,
            subject: authorityName,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
                SubjectAlternativeNames([.uniformResourceIdentifier(identity.trustDomain.id.description)])
            },
            issuerPrivateKey: authorityKey
        )
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let leaf = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            notValidBefore: now - 60,
            notValidAfter: now + 600,
            issuer: authorityName,
            subject: try DistinguishedName { CommonName("workload") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames([.uniformResourceIdentifier(id)])
            },
            issuerPrivateKey: authorityKey
        )
        let bundle = X509Bundle(trustDomain: identity.trustDomain, authorities: [authority])
        let verifier = PeerVerifier(bundles: [identity.trustDomain: bundle])
        guard case .verified(let peer) = verifier.verify(chain: [leaf]) else {
            throw FixtureError(description: "the fixture's certificate was refused")
        }
        return peer
    }
}

struct FixtureError: Error, CustomStringConvertible {
    let description: String
}
