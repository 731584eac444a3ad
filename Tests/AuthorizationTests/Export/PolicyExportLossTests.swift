import Resources
import Testing

@testable import Authorization

/// What another data plane cannot express is said, with what it does to decisions.
@Suite struct PolicyExportLossTests {
    private func policies(_ text: String...) throws -> PolicySet {
        let documents = try ResourceLoader.parse(yaml: text.joined(separator: "\n---\n"), file: "policy.yaml")
        return try PolicySet.load(documents, checks: .dataPlane)
    }

    private static let paths = "to: [{operation: {paths: [\"/admin/*\"]}}]"

    @Test(arguments: [
        ("{\(paths)}", "ALLOW", PolicyExport.Loss.Effect.stricter, "allows nothing"),
        ("{\(paths)}", "DENY", .weaker, "does not enforce the rule"),
        ("{from: [{source: {namespaces: [a]}}], \(paths)}", "DENY", .weaker, "does not enforce the rule"),
        ("{to: [{operation: {ports: [\"80\"], paths: [/a]}}]}", "DENY", .stricter, "denies whatever they say"),
        (
            "{to: [{operation: {ports: [\"80\"]}}, {operation: {paths: [/a]}}]}", "DENY", .weaker,
            "does not enforce that one"
        ),
        ("{when: [{key: \"request.headers[a]\", values: [b]}]}", "DENY", .weaker, "`request.headers[a]`"),
        ("{}", "AUDIT", .none, "knows no action AUDIT"),
    ])
    func `what ztunnel does not see is a loss`(
        _ rule: String,
        _ action: String,
        _ effect: PolicyExport.Loss.Effect,
        _ message: String
    ) throws {
        let export = ZtunnelExport().export(try policies(Fixture.policy(rule, action: action)))
        let loss = try #require(export.losses.first)
        #expect(export.losses.count == 1)
        #expect(loss.effect == effect, "\(loss)")
        #expect(loss.message.contains(message), "\(loss)")
        #expect(loss.location.hasPrefix("policy.yaml:"))
    }

    @Test(arguments: [
        "{}", "{from: [{source: {namespaces: [a], notIpBlocks: [10.0.0.0/8]}}], to: [{operation: {ports: [\"80\"]}}]}",
    ])
    func `what ztunnel sees is no loss`(_ rule: String) throws {
        for action in ["ALLOW", "DENY"] {
            let export = ZtunnelExport().export(try policies(Fixture.policy(rule, action: action)))
            #expect(export.losses.isEmpty)
            #expect(export.values.count == 1)
        }
    }

    @Test func `a port that demands mutual TLS keeps its rule under a permissive workload of a strict mesh`() throws {
        let set = try policies(
            """
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: {name: mesh, namespace: istio-system}
            spec: {mtls: {mode: STRICT}}
            """,
            """
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: {name: w, namespace: ml-inference}
            spec: {selector: {matchLabels: {app: a}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {9090: {mode: STRICT}}}
            """
        )
        let export = ZtunnelExport().export(set)
        #expect(export.losses.isEmpty)
        #expect(export.values.first?.yaml.contains("converted_peer_authentication_w") ?? false)
        #expect(export.values.last?.yaml.contains("istio_converted_static_strict") ?? false)
    }

    @Test func `DISABLE is a loss, since ztunnel takes mutual TLS always`() throws {
        let set = try policies(
            """
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: {name: w, namespace: ml-inference}
            spec: {mtls: {mode: DISABLE}}
            """
        )
        #expect(ZtunnelExport().export(set).losses.map(\.effect) == [.weaker])
    }

    @Test func `without HTTP, Envoy loses what speaks of HTTP`() throws {
        let rule = "{from: [{source: {namespaces: [a]}}], \(Self.paths)}"
        for (action, effect) in [("ALLOW", PolicyExport.Loss.Effect.stricter), ("DENY", .stricter), ("AUDIT", .none)] {
            let set = try policies(Fixture.policy(rule, action: action))
            let export = EnvoyExport(layer: .tcp).export(set.policies, compatibility: .istio)
            #expect(export.losses.map(\.effect) == [effect])
            #expect(EnvoyExport().export(set.policies, compatibility: .istio).losses.isEmpty)
        }
    }

    @Test func `strict exports its denial by default, and istio does not`() throws {
        let set = try policies(Fixture.policy("{\(Self.paths)}", action: "DENY"))
        let strict = EnvoyExport().export(set.policies, compatibility: .strict)
        #expect(strict.values.count == 2)
        #expect(strict.values.last?.yaml.contains("lapwing-default-deny") ?? false)
        #expect(EnvoyExport().export(set.policies, compatibility: .istio).values.count == 1)
        #expect(EnvoyExport().export([], compatibility: .strict).values.count == 1)
        #expect(EnvoyExport().export([], compatibility: .istio).values.isEmpty)
    }

    @Test func `a provider that cannot be asked is a loss, and what it was for is denied`() throws {
        let set = try policies(
            """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: c, namespace: ml-inference}
            spec: {action: CUSTOM, provider: {name: nobody}, rules: [{\(Self.paths)}]}
            """
        )
        let export = EnvoyExport().export(set.policies, compatibility: .istio)
        #expect(export.losses.map(\.effect) == [.stricter])
        #expect(export.losses.first?.message.contains("there is no provider `nobody`") ?? false)
        #expect(export.values.first?.yaml.contains("deny-due-to-bad-CUSTOM-action") ?? false)
    }
}
