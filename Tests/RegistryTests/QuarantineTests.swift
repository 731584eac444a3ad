import Foundation
import Registry
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct `Quarantine` {
    private func sign(
        _ manifest: String,
        in repository: String,
        _ registry: TestRegistry,
        type: String? = nil,
        of text: String? = nil,
        as tag: String? = nil
    )
        async throws
        -> RegistryClient.Answer
    {
        let text = type == nil ? text ?? TestRegistry.bundle : "signature"
        let type = type ?? MediaType.sigstoreBundle
        try await registry.blob("{}", to: repository)
        try await registry.blob(text, to: repository)
        func descriptor(_ type: String, _ text: String) -> String {
            #"{"mediaType":"\#(type)","digest":"\#(ContentDigest(of: Array(text.utf8)))","size":\#(text.utf8.count)}"#
        }
        let body =
            #"{"schemaVersion":2,"artifactType":"\#(type)","config":\#(descriptor(MediaType.empty, "{}")),"#
            + #""layers":[\#(descriptor(type, text))],"subject":\#(descriptor(MediaType.imageManifest, manifest))}"#
        return try await registry.client(.writer).request(
            "PUT",
            "/v2/\(repository)/manifests/\(tag ?? ContentDigest(of: Array(body.utf8)).description)",
            fields: [("content-type", MediaType.imageManifest)],
            content: Array(body.utf8)
        )
    }

    @Test func `what does not satisfy the policy is kept and cannot be pulled, until it does`() async throws {
        let registry = try await TestRegistry()
        let pushed = try await registry.model("weights", to: "checked/m", as: "one")
        #expect(pushed.status == 201 && pushed.field("lapwing-state") == "quarantined")
        let digest = try #require(pushed.field("docker-content-digest"))
        let blob = "/v2/checked/m/blobs/\(ContentDigest(of: Array("weights".utf8)))"
        for uri in ["/v2/checked/m/manifests/one", "/v2/checked/m/manifests/\(digest)", blob] {
            let answer = try await registry.client(.reader).request("GET", uri)
            #expect(answer.status == 403 && code(answer) == "QUARANTINED", "\(uri)")
        }
        #expect(
            text(try await registry.client(.reader).request("GET", "/v2/checked/m/manifests/one"))
                .contains("signature: nobody has signed it")
        )
        // Whoever may read and write reads no quarantined weights either.
        #expect(try await registry.client(.both).request("GET", blob).status == 403)
        let seen = try await registry.client(.writer).request("GET", "/v2/checked/m/manifests/one")
        #expect(seen.status == 200 && seen.field("lapwing-state") == "quarantined")
        let promote = "/v2/checked/m/_lapwing/tags/promote?reference=one&tag=production"
        #expect(code(try await registry.client(.promoter).request("POST", promote)) == "QUARANTINED")

        let signed = try await sign(text(seen), in: "checked/m", registry)
        #expect(signed.status == 201 && signed.field("oci-subject") == digest)
        #expect(text(try await registry.client(.reader).request("GET", blob)) == "weights")
        #expect(try await registry.client(.promoter).request("POST", promote).status == 200)

        // Without the signature it is in quarantine again.
        let index = text(try await registry.client(.reader).request("GET", "/v2/checked/m/referrers/\(digest)"))
        let signature = try #require(signed.field("docker-content-digest"))
        #expect(index.contains(signature))
        #expect(
            try await registry.client(.both).request("DELETE", "/v2/checked/m/manifests/\(signature)").status == 202
        )
        #expect(try await registry.client(.reader).request("GET", blob).status == 403)
        let actions = registry.acts.acts.filter { $0.subject.hasSuffix(digest) }.map(\.action)
        #expect(actions == ["registry.manifest.push", "registry.manifest.admit", "registry.manifest.quarantine"])
        let denied = registry.acts.acts.filter { $0.outcome == .deny }
        #expect(denied.map(\.action) == ["registry.tag.move"])
        try await registry.stop()
    }

    @Test func `a model that calls itself something else, or a signature, is judged all the same`() async throws {
        let registry = try await TestRegistry()
        try await registry.blob("{}", to: "checked/m")
        for type in ["application/vnd.example.thing", MediaType.sigstoreBundle] {
            try await registry.blob("weights", to: "checked/m")
            let weights = ContentDigest(of: Array("weights".utf8))
            let config = ContentDigest(of: Array("{}".utf8))
            let body =
                #"{"schemaVersion":2,"artifactType":"\#(type)","config":{"mediaType":"\#(MediaType.empty)","digest":"\#(config)","size":2},"#
                + #""layers":[{"mediaType":"application/octet-stream","digest":"\#(weights)","size":7}],"subject":"#
                + #"{"mediaType":"\#(MediaType.imageManifest)","digest":"\#(config)","size":2}}"#
            let answer = try await registry.client(.writer).request(
                "PUT",
                "/v2/checked/m/manifests/disguised",
                fields: [("content-type", MediaType.imageManifest)],
                content: Array(body.utf8)
            )
            #expect(answer.field("lapwing-state") == "quarantined", "\(type)")
            #expect(try await registry.client(.reader).request("GET", "/v2/checked/m/blobs/\(weights)").status == 403)
        }
        try await registry.stop()
    }

    @Test func `what calls itself a signature has to be a bundle, and has no tag`() async throws {
        let registry = try await TestRegistry()
        _ = try await registry.model("weights", to: "checked/m", as: "one")
        let manifest = text(try await registry.client(.writer).request("GET", "/v2/checked/m/manifests/one"))
        let evil = try await sign(manifest, in: "checked/m", registry, of: "weights of another model")
        #expect(evil.status == 201 && evil.field("lapwing-state") == "quarantined")
        let tagged = try await sign(manifest, in: "checked/m", registry, as: "two")
        #expect(tagged.status == 400 && code(tagged) == "MANIFEST_INVALID")
        let good = try await sign(manifest, in: "checked/m", registry)
        #expect(good.status == 201 && good.field("lapwing-state") != "quarantined")
        try await registry.stop()
    }

    @Test func `a manifest without layers shows nothing, and is not admitted`() async throws {
        let registry = try await TestRegistry(admission: AdmissionRequirement(scan: true))
        try await registry.blob("not JSON", to: "checked/m")
        let answer = try await registry.client(.writer).request(
            "PUT",
            "/v2/checked/m/manifests/one",
            fields: [("content-type", MediaType.imageManifest)],
            content: Array(TestRegistry.manifest(config: "not JSON", layers: []).utf8)
        )
        #expect(answer.status == 201 && answer.field("lapwing-state") == "quarantined")
        let list = text(
            try await registry.client(.writer).request("GET", "/v2/checked/m/_lapwing/manifests/list")
        )
        #expect(list.contains("has no layer") && list.contains("no object of JSON"))
        try await registry.stop()
    }

    @Test func `a check that cannot be done has refused`() async throws {
        let registry = try await TestRegistry()
        let pushed = try await registry.model("explode", to: "checked/m", as: "one")
        #expect(pushed.field("lapwing-state") == "quarantined")
        let models = try await registry.client(.writer).request("GET", "/v2/checked/m/_lapwing/manifests/list")
        let list = try JSONDecoder().decode(ModelList.self, from: Data(models.body))
        #expect(list.models.map(\.state) == ["quarantined"])
        #expect(list.models.first?.reasons.first?.contains("could not be done") == true)
        #expect(
            text(try await registry.client(.reader).request("GET", "/v2/checked/m/_lapwing/manifests/list"))
                .contains(#""models":[]"#)
        )
        try await registry.stop()
    }

    @Test func `referrers are found by their subject and their kind`() async throws {
        let registry = try await TestRegistry()
        let pushed = try await registry.model("weights", to: "open/m", as: "one")
        let manifest = text(try await registry.client(.reader).request("GET", "/v2/open/m/manifests/one"))
        _ = try await sign(manifest, in: "open/m", registry)
        _ = try await sign(manifest, in: "open/m", registry, type: "application/vnd.example.note")
        let uri = "/v2/open/m/referrers/\(try #require(pushed.field("docker-content-digest")))"
        let all = try await registry.client(.reader).request("GET", uri)
        #expect(all.field("content-type") == MediaType.imageIndex && all.field("oci-filters-applied") == nil)
        #expect(text(all).contains(MediaType.sigstoreBundle) && text(all).contains("vnd.example.note"))
        let some = try await registry.client(.reader).request("GET", uri + "?artifactType=application/vnd.example.note")
        #expect(some.field("oci-filters-applied") == "artifactType" && !text(some).contains(MediaType.sigstoreBundle))
        let none = try await registry.client(.reader).request("GET", "/v2/open/m/referrers/\(ContentDigest(of: [0]))")
        #expect(none.status == 200 && text(none).contains(#""manifests":[]"#))
        try await registry.stop()
    }
}
