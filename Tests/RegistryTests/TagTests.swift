import Foundation
import Registry
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct `Tags and the record` {
    @Test func `every move of a tag is recorded before it is made, with who, from what and to what`() async throws {
        let registry = try await TestRegistry()
        let first = try #require(try await registry.model("1", to: "open/m", as: "live").field("docker-content-digest"))
        let second = try #require(
            try await registry.model("2", to: "open/m", as: "live").field("docker-content-digest")
        )
        _ = try await registry.model("2", to: "open/m", as: "live")
        let moves = registry.acts.acts.filter { $0.action == "registry.tag.move" }
        #expect(moves.map(\.before) == [nil, first] && moves.map(\.after) == [first, second])
        #expect(
            moves.allSatisfy { $0.subject == "open/m:live" && $0.actor == Caller.writer.id && $0.outcome == .allow }
        )
        let answer = try await registry.client(.reader).request("GET", "/v2/open/m/_lapwing/tags/history?tag=live")
        let history = try JSONDecoder().decode(TagHistory.self, from: Data(answer.body))
        #expect(history.moves.map(\.to) == [first, second] && history.moves.map(\.from) == [nil, first])
        #expect(history.moves.map(\.record) == moves.map(\.id.description))
        try await registry.stop()
    }

    @Test func `what cannot be recorded is not done`() async throws {
        let registry = try await TestRegistry()
        _ = try await registry.model("1", to: "open/m", as: "live")
        let before = text(try await registry.client(.reader).request("GET", "/v2/open/m/manifests/live"))
        registry.acts.breakDown()
        #expect(try await registry.model("2", to: "open/m", as: "live").status == 503)
        #expect(text(try await registry.client(.reader).request("GET", "/v2/open/m/manifests/live")) == before)
        let client = registry.client(.promoter)
        #expect(try await client.request("DELETE", "/v2/open/m/manifests/live").status == 503)
        #expect(try await client.request("POST", "/v2/open/m/_lapwing/tags/promote?reference=live&tag=x").status == 503)
        #expect(text(try await client.request("GET", "/v2/open/m/tags/list")) == #"{"name":"open/m","tags":["live"]}"#)
        try await registry.stop()
    }

    @Test func `a protected tag is moved by who may promote, and an immutable one never`() async throws {
        let registry = try await TestRegistry()
        #expect(code(try await registry.model("1", to: "open/m", as: "production")) == "DENIED")
        #expect(try await registry.model("1", to: "open/m", as: "v1").status == 201)
        #expect(try await registry.model("1", to: "open/m", as: "v1").status == 201)
        #expect(code(try await registry.model("2", to: "open/m", as: "v1")) == "DENIED")
        let promoter = registry.client(.promoter)
        let promote = "/v2/open/m/_lapwing/tags/promote?reference=v1&tag="
        #expect(try await promoter.request("POST", promote + "production").status == 200)
        #expect(try await promoter.request("POST", promote + "production").status == 200)
        #expect(try await registry.client(.both).request("DELETE", "/v2/open/m/manifests/production").status == 403)
        #expect(try await promoter.request("DELETE", "/v2/open/m/manifests/v1").status == 403)
        #expect(try await promoter.request("DELETE", "/v2/open/m/manifests/production").status == 202)
        #expect(try await promoter.request("POST", "/v2/open/m/_lapwing/tags/promote?reference=no&tag=x").status == 404)
        let moves = registry.acts.acts.filter { $0.subject == "open/m:production" }
        #expect(moves.map(\.action) == ["registry.tag.move", "registry.tag.delete"])
        try await registry.stop()
    }

    @Test func `a manifest is deleted with its tags, and its blobs are free then`() async throws {
        let registry = try await TestRegistry()
        let digest = try #require(try await registry.model("1", to: "open/m", as: "a").field("docker-content-digest"))
        _ = try await registry.model("1", to: "open/m", as: "b")
        let client = registry.client(.both)
        let blob = "/v2/open/m/blobs/\(ContentDigest(of: Array("1".utf8)))"
        #expect(try await client.request("DELETE", "/v2/open/m/manifests/a").status == 202)
        #expect(try await client.request("GET", "/v2/open/m/manifests/\(digest)").status == 200)
        #expect(try await client.request("DELETE", "/v2/open/m/manifests/\(digest)").status == 202)
        #expect(try await client.request("DELETE", "/v2/open/m/manifests/\(digest)").status == 404)
        #expect(code(try await client.request("GET", blob)) == "QUARANTINED")
        #expect(try await client.request("DELETE", blob).status == 202)
        #expect(try await client.request("DELETE", blob).status == 404)
        let actions = registry.acts.acts.map(\.action)
        #expect(
            actions.suffix(4) == [
                "registry.tag.delete", "registry.tag.delete", "registry.manifest.delete", "registry.blob.delete",
            ]
        )
        try await registry.stop()
    }
}
