import Foundation
import Testing

/// What is said of mistakes that tired people make.
@Suite(.timeLimit(.minutes(5))) struct `A mistake in a configuration` {
    /// What `lapwing config validate` says of these files, each line without the directory.
    private func said(of files: [String: String]) throws -> [String] {
        let directory = try TemporaryDirectory()
        for (name, text) in files { _ = try directory.write(text, to: name) }
        let result = try Program.run("config", "validate", "--config", directory.path)
        #expect(result.status == 1)
        return (result.output + result.errors).replacing(directory.path + "/", with: "").split(separator: "\n")
            .map(String.init)
    }

    static let kinds = [
        "Gateway", "WorkloadEntry", "AdminPolicy", "PolicyTest", "ReachAssertions", "ModelRegistry", "ModelTrustPolicy",
        "Guardrail", "CloudCredentials", "AuditPolicy", "Estate", "MonitorPolicy", "AlertRoute", "FederatedTrustDomain",
        "BundleEndpoint", "KubernetesAttestation", "ImageSignatures", "AttestationEndpoint", "OIDCEndpoint",
    ]

    @Test func `in a version is told once of every kind`() throws {
        let documents = Self.kinds.map {
            "apiVersion: lapwing.dev/v1alpha12\nkind: \($0)\nmetadata: {name: x}\nspec: {}\n---\n"
        }
        let expected = Self.kinds.enumerated().map { index, kind in
            "x.yaml:\(5 * index + 1):1: error: unknown version `lapwing.dev/v1alpha12` of \(kind); "
                + "expected `lapwing.dev/v1alpha1`"
        }
        #expect(try said(of: ["x.yaml": documents.joined()]).filter { $0.contains("version") } == expected)
    }

    @Test func `in a group or a kind is told once, with the nearest name`() throws {
        let entry = "metadata: {name: x}\nspec: {spiffeID: spiffe://cluster.local/x, selectors: ['unix:uid:1']}\n"
        #expect(
            try said(of: [
                "a.yaml": "apiVersion: v1\nkind: WorkloadEntry\n" + entry,
                "b.yaml": "apiVersion: lapwing.dev/v1alpha1\nkind: workloadentry\n" + entry,
            ]) == [
                "a.yaml:1:1: error: unknown API group `v1`; expected one of `lapwing.dev`, `networking.istio.io`, "
                    + "`security.istio.io`, `spire.spiffe.io`",
                "b.yaml:2:7: error: unknown or unsupported kind `workloadentry`; did you mean `WorkloadEntry`?",
            ]
        )
    }
}
