import Authorization
import Resources
import Testing

@Suite struct PolicySetTests {
    private func findings(_ text: String) throws -> [String] {
        PolicySet.check(try ResourceLoader.parse(yaml: text, file: "p.yaml")).diagnostics.map(\.description)
    }

    @Test func `a policy whose kind or group is misspelt is refused, and not passed over`() throws {
        let deny = Fixture.policy("{}", action: "DENY")
        #expect(
            try findings(deny.replacing("AuthorizationPolicy", with: "AuthorisationPolicy")) == [
                "p.yaml:2:7: error: unknown kind `AuthorisationPolicy` of `security.istio.io`; "
                    + "did you mean `AuthorizationPolicy`?"
            ]
        )
        #expect(
            try findings(deny.replacing("security.istio.io", with: "security.istio.o")) == [
                "p.yaml:1:1: error: unknown API group `security.istio.o` of AuthorizationPolicy; "
                    + "did you mean `security.istio.io`?"
            ]
        )
        let documents = try ResourceLoader.parse(
            yaml: deny.replacing("AuthorizationPolicy", with: "Policy"),
            file: "p.yaml"
        )
        #expect(throws: ResourceError.self) { try PolicySet.load(documents) }
    }

    @Test func `what another group calls an AuthorizationPolicy is none of ours`() throws {
        let linkerd = Fixture.policy("{}").replacing("security.istio.io/v1", with: "policy.linkerd.io/v1alpha1")
        #expect(try findings(linkerd).isEmpty)
        #expect(try findings("apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {}").isEmpty)
    }

    @Test func `the linter mends a misspelt kind and names a misspelt group`() {
        let deny = Fixture.policy("{to: [{operation: {ports: [\"80\"]}}]}", action: "DENY")
        let kind = LintSource(file: "p.yaml", text: deny.replacing("AuthorizationPolicy", with: "AuthorisationPolicy"))
        #expect(PolicyLinter().lint([kind]).map(\.rule).contains("LW0008"))
        #expect(LintFixer.fix([kind], with: PolicyLinter()).sources.first?.text == deny)
        let group = LintSource(file: "p.yaml", text: deny.replacing("security.istio.io", with: "security.istio.o"))
        #expect(PolicyLinter().lint([group]).map(\.rule) == ["LW0006"])
    }
}
