import Foundation
import Registry
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Reading through MLflow's API` {
    private func get(_ path: String, _ registry: TestRegistry, _ caller: Caller = .reader) async throws -> (
        Int, [String: Any]
    ) {
        let answer = try await registry.client(caller).request("GET", "/api/2.0/mlflow/" + path)
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return (answer.status, try #require(object))
    }

    @Test func `a model, its versions and its aliases are what was pushed`() async throws {
        let registry = try await TestRegistry()
        _ = try await registry.model("1", to: "open/m", as: "v1")
        let second = try await registry.model("2", to: "open/m", as: "live")
        let digest = try #require(second.field("docker-content-digest"))
        let (status, found) = try await get("registered-models/get?name=open/m", registry)
        let model = try #require(found["registered_model"] as? [String: Any])
        #expect(status == 200 && model["name"] as? String == "open/m")
        let aliases = try #require(model["aliases"] as? [[String: String]])
        #expect(aliases == [["alias": "v1", "version": "1"], ["alias": "live", "version": "2"]])
        let latest = try #require((model["latest_versions"] as? [[String: Any]])?.first)
        #expect(latest["version"] as? String == "2" && latest["status"] as? String == "READY")
        let (_, aliased) = try await get("registered-models/alias?name=open%2Fm&alias=live", registry)
        #expect((aliased["model_version"] as? [String: Any])?["version"] as? String == "2")
        let (_, version) = try await get("model-versions/get?name=open/m&version=1", registry)
        #expect((version["model_version"] as? [String: Any])?["user_id"] as? String == Caller.writer.id)
        let (_, uri) = try await get("model-versions/get-download-uri?name=open/m&version=2", registry)
        #expect(uri["artifact_uri"] as? String == "oci://registry.test:443/open/m@\(digest)")
        try await registry.stop()
    }

    @Test func `what a caller may not see is not found by searching either`() async throws {
        let registry = try await TestRegistry()
        for name in ["open/a", "open/b", "checked/c"] { _ = try await registry.model("1", to: name, as: "one") }
        func names(_ query: String, _ caller: Caller = .reader) async throws -> [String] {
            let (_, found) = try await get("registered-models/search" + query, registry, caller)
            return try #require(found["registered_models"] as? [[String: Any]]).compactMap { $0["name"] as? String }
        }
        #expect(try await names("") == ["open/a", "open/b"])
        #expect(try await names("", .writer) == ["checked/c", "open/a", "open/b"])
        #expect(try await names("", .stranger).isEmpty)
        let prompts = "tag.%60mlflow.prompt.is_prompt%60+!%3D+%27true%27"
        #expect(try await names("?filter=\(prompts)") == ["open/a", "open/b"])
        #expect(try await names("?filter=name+like+'%25b'+AND+\(prompts)") == ["open/b"])
        #expect(try await names("?filter=name%3D'open/a'") == ["open/a"])
        #expect(try await names("?filter=tags.x+%3D+'y'").isEmpty)
        let (_, first) = try await get("registered-models/search?max_results=1", registry)
        let token = try #require(first["next_page_token"] as? String)
        #expect(try await names("?max_results=1&page_token=\(token)") == ["open/b"])
        let (_, versions) = try await get("model-versions/search?filter=name%3D'open/b'", registry)
        #expect((versions["model_versions"] as? [[String: Any]])?.count == 1)
        let (_, hidden) = try await get("model-versions/search", registry, .writer)
        let states = (hidden["model_versions"] as? [[String: Any]])?.compactMap { $0["status"] as? String }
        #expect(states == ["PENDING_REGISTRATION", "READY", "READY"])
        try await registry.stop()
    }

    @Test(arguments: [
        ("registered-models/get?name=open/none", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("registered-models/get?name=../x", 400, "INVALID_PARAMETER_VALUE"),
        ("registered-models/get", 400, "INVALID_PARAMETER_VALUE"),
        ("registered-models/get?name=unruled/m", 403, "PERMISSION_DENIED"),
        ("model-versions/get?name=open/m&version=x", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("model-versions/search?filter=name%3D'a'+OR+name%3D'b'", 400, "INVALID_PARAMETER_VALUE"),
        ("model-versions/search?filter=run_id%3D'a'", 400, "INVALID_PARAMETER_VALUE"),
        ("model-versions/search?filter=name%3D'a", 400, "INVALID_PARAMETER_VALUE"),
        ("model-versions/search?page_token=-1", 400, "INVALID_PARAMETER_VALUE"),
        ("model-versions/search?max_results=0", 400, "INVALID_PARAMETER_VALUE"),
        ("runs/search", 404, "ENDPOINT_NOT_FOUND"),
    ])
    func `a refusal has the form that MLflow's client reads`(_ path: String, _ status: Int, _ code: String) async throws
    {
        let registry = try await TestRegistry()
        let (found, body) = try await get(path, registry)
        #expect(found == status && body["error_code"] as? String == code && body["message"] is String)
        try await registry.stop()
    }
}
