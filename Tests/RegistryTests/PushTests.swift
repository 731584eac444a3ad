import Foundation
import Glibc
import NIOCore
import Registry
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct `Pushing` {
    @Test func `a blob that came in chunks, one after another, is there and is what came`() async throws {
        let registry = try await TestRegistry()
        let client = registry.client(.writer)
        let begun = try await client.request("POST", "/v2/open/m/blobs/uploads/")
        #expect(begun.status == 202 && begun.field("range") == "0-0")
        var location = try #require(begun.field("location"))
        for (range, chunk) in [("0-4", "hello"), ("5-10", " world")] {
            let answer = try await client.request(
                "PATCH",
                location,
                fields: [("content-range", range)],
                content: Array(chunk.utf8)
            )
            #expect(answer.status == 202)
            location = try #require(answer.field("location"))
        }
        let state = try await client.request("GET", location)
        #expect(state.status == 204 && state.field("range") == "0-10")
        let digest = ContentDigest(of: Array("hello world!".utf8), algorithm: .sha512)
        let done = try await client.request("PUT", location + "?digest=\(digest)", content: Array("!".utf8))
        #expect(done.status == 201 && done.field("docker-content-digest") == digest.description)
        let found = try await client.request("HEAD", try #require(done.field("location")))
        #expect(found.status == 200 && found.field("content-length") == "12")
        try await registry.stop()
    }

    @Test func `what is wrong with a chunk is refused, and what was there before stays`() async throws {
        let registry = try await TestRegistry(maximumBlobLength: 20)
        let client = registry.client(.writer)
        let location = try #require(try await client.request("POST", "/v2/open/m/blobs/uploads/").field("location"))
        func patch(_ text: String, _ range: String?) async throws -> RegistryClient.Answer {
            let fields = range.map { [("content-range", $0)] } ?? []
            return try await client.request("PATCH", location, fields: fields, content: Array(text.utf8))
        }
        #expect(try await patch("hello", "0-4").status == 202)
        for (range, status) in [("4-8", 416), ("6-10", 416), ("0-4", 416), ("x", 400), ("5-4", 400)] {
            #expect(try await patch("again", range).status == status, "\(range)")
        }
        #expect(code(try await patch("far too long for a blob", nil)) == "SIZE_INVALID")
        #expect(try await client.request("GET", location).field("range") == "0-4")
        let wrong = ContentDigest(of: [1])
        #expect(code(try await client.request("PUT", location + "?digest=\(wrong)")) == "DIGEST_INVALID")
        #expect(code(try await client.request("GET", location)) == "BLOB_UPLOAD_UNKNOWN")
        #expect(registry.registry.configuration.maximumUploads == 4)
        #expect(try FileManager.default.contentsOfDirectory(atPath: registry.directory.path + "/files/uploads").isEmpty)
        try await registry.stop()
    }

    @Test func `an upload is its owner's alone, can be cancelled, and there are not too many`() async throws {
        let registry = try await TestRegistry()
        let client = registry.client(.writer)
        let location = try #require(try await client.request("POST", "/v2/open/m/blobs/uploads/").field("location"))
        #expect(code(try await registry.client(.both).request("GET", location)) == "BLOB_UPLOAD_UNKNOWN")
        #expect(try await registry.client(.reader).request("PATCH", location, content: [1]).status == 403)
        let moved = location.replacing("/open/m/", with: "/open/n/")
        #expect(code(try await client.request("GET", moved)) == "BLOB_UPLOAD_UNKNOWN")
        for _ in 0..<3 { _ = try await client.request("POST", "/v2/open/m/blobs/uploads/") }
        #expect(try await client.request("POST", "/v2/open/m/blobs/uploads/").status == 429)
        #expect(try await client.request("DELETE", location).status == 204)
        #expect(try await client.request("DELETE", location).status == 404)
        #expect(try await client.request("POST", "/v2/open/m/blobs/uploads/").status == 202)
        try await registry.stop()
    }

    @Test func `a blob is taken whole, and a wrong digest leaves nothing`() async throws {
        let registry = try await TestRegistry()
        let client = registry.client(.writer)
        let digest = try await registry.blob("whole", to: "open/m")
        #expect(try await client.request("HEAD", "/v2/open/m/blobs/\(digest)").status == 200)
        let wrong = ContentDigest(of: [9])
        let answer = try await client.request("POST", "/v2/open/m/blobs/uploads/?digest=\(wrong)", content: [1, 2, 3])
        #expect(code(answer) == "DIGEST_INVALID")
        #expect(try FileManager.default.contentsOfDirectory(atPath: registry.directory.path + "/files/uploads").isEmpty)
        try await registry.stop()
    }

    @Test func `a blob is mounted from where the caller may see it, and from nowhere else`() async throws {
        let registry = try await TestRegistry()
        let digest = try await registry.blob("shared", to: "open/m")
        let hidden = try await registry.blob("hidden", to: "checked/m")
        func mount(_ digest: ContentDigest, _ from: String, _ caller: Caller) async throws -> Int {
            try await registry.client(caller).request(
                "POST",
                "/v2/open/n/blobs/uploads/?mount=\(digest)&from=\(from)"
            ).status
        }
        #expect(try await mount(digest, "open%2Fm", .writer) == 201)
        #expect(try await mount(digest, "open/none", .writer) == 202)
        #expect(try await mount(hidden, "other/m", .writer) == 202)
        #expect(try await mount(hidden, "checked/m", .stranger) == 403)
        #expect(try await registry.client(.writer).request("HEAD", "/v2/open/n/blobs/\(digest)").status == 200)
        #expect(try await registry.client(.writer).request("HEAD", "/v2/open/n/blobs/\(hidden)").status == 404)
        try await registry.stop()
    }

    @Test func `a manifest is kept with its blobs, and not without one of them`() async throws {
        let registry = try await TestRegistry()
        let client = registry.client(.writer)
        let pushed = try await registry.model("weights", to: "open/m", as: "one")
        #expect(pushed.status == 201)
        let digest = try #require(pushed.field("docker-content-digest"))
        #expect(pushed.field("location") == "/v2/open/m/manifests/\(digest)")
        for reference in ["one", digest] {
            let found = try await registry.client(.reader).request("GET", "/v2/open/m/manifests/\(reference)")
            #expect(found.status == 200 && ContentDigest(of: found.body).description == digest)
            #expect(found.field("content-type") == MediaType.imageManifest)
        }
        let other = TestRegistry.manifest(config: "{}", layers: ["absent"])
        func put(_ body: String, _ type: String = MediaType.imageManifest, as reference: String = "two") async throws
            -> RegistryClient.Answer
        {
            try await client.request(
                "PUT",
                "/v2/open/m/manifests/\(reference)",
                fields: [("content-type", type)],
                content: Array(body.utf8)
            )
        }
        #expect(code(try await put(other)) == "MANIFEST_BLOB_UNKNOWN")
        #expect(code(try await put("{}")) == "MANIFEST_INVALID")
        let whole = text(try await client.request("GET", "/v2/open/m/manifests/one"))
        #expect(code(try await put(whole, "text/plain")) == "MANIFEST_INVALID")
        #expect(code(try await put(whole, as: ContentDigest(of: []).description)) == "DIGEST_INVALID")
        let lied = whole.replacing(#""size":7"#, with: #""size":8"#)
        #expect(code(try await put(lied)) == "MANIFEST_INVALID")
        #expect(code(try await put(String(repeating: " ", count: Manifest.maximumLength + 1))) == "SIZE_INVALID")
        #expect(code(try await client.request("GET", "/v2/open/m/manifests/two")) == "MANIFEST_UNKNOWN")
        try await registry.stop()
    }

    @Test func `what a restart interrupts goes on afterwards with the bytes that were there`() async throws {
        let directory = try TemporaryDirectory()
        let location = try await beginUpload(in: directory)
        // The lock on the directory goes with the registry that held it.
        let second = try await TestRegistry(in: directory)
        let client = second.client(.writer)
        #expect(try await client.request("GET", location).field("range") == "0-3")
        let digest = ContentDigest(of: Array("half and half".utf8))
        let done = try await client.request("PUT", location + "?digest=\(digest)", content: Array(" and half".utf8))
        #expect(done.status == 201)
        try await second.stop()
    }

    private func beginUpload(in directory: TemporaryDirectory) async throws -> String {
        let registry = try await TestRegistry(in: directory)
        let begun = try await registry.client(.writer).request("POST", "/v2/open/m/blobs/uploads/")
        let location = try #require(begun.field("location"))
        _ = try await registry.client(.writer).request("PATCH", location, content: Array("half".utf8))
        try await registry.stop()
        return location
    }

    @Test func `old uploads and blobs that nobody needs are cleaned away, and nothing else`() async throws {
        let registry = try await TestRegistry()
        _ = try await registry.model("kept", to: "open/m", as: "one")
        let forgotten = try await registry.blob("forgotten", to: "open/m")
        let location = try await registry.client(.writer).request("POST", "/v2/open/m/blobs/uploads/").field("location")
        let nothing = try await registry.registry.clean()
        #expect(nothing.uploads == 0 && nothing.blobs == 0)
        registry.clock.advance(hours: 25)
        let cleaning = try await registry.registry.clean()
        #expect(cleaning.uploads == 1 && cleaning.blobs == 1)
        let client = registry.client(.both)
        #expect(try await client.request("HEAD", "/v2/open/m/blobs/\(forgotten)").status == 404)
        #expect(try await registry.client(.writer).request("GET", try #require(location)).status == 404)
        let kept = ContentDigest(of: Array("kept".utf8))
        #expect(text(try await client.request("GET", "/v2/open/m/blobs/\(kept)")) == "kept")
        let left = FileManager.default.enumerator(atPath: registry.directory.path + "/files/blobs/sha256")
        #expect(left?.compactMap { $0 as? String }.filter { $0.contains("/") }.count == 2)
        try await registry.stop()
    }

    @Test func `of requests that write to one upload at once each is taken whole or refused`() async throws {
        let registry = try await TestRegistry()
        let begun = try await registry.client(.writer).request("POST", "/v2/open/m/blobs/uploads/")
        let location = try #require(begun.field("location"))
        let size = 300_000
        let taken = try await withThrowingTaskGroup(of: UInt8?.self) { group in
            for index in 0..<8 {
                group.addTask {
                    let letter = UInt8(ascii: "a") + UInt8(index)
                    let answer = try await registry.client(.writer)
                        .request("PATCH", location, content: [UInt8](repeating: letter, count: size))
                    #expect(answer.status == 202 || answer.status == 409, "\(answer.status)")
                    return answer.status == 202 ? letter : nil
                }
            }
            return try await group.reduce(into: [UInt8]()) { if let letter = $1 { $0.append(letter) } }
        }
        #expect(!taken.isEmpty)
        let state = try await registry.client(.writer).request("GET", location)
        #expect(state.field("range") == "0-\(taken.count * size - 1)")
        // The bytes of one request lie together.
        let orders = try #require(
            FileManager.default.contentsOfDirectory(atPath: registry.directory.path + "/files/uploads").first
        )
        let bytes = try Data(contentsOf: URL(filePath: registry.directory.path + "/files/uploads/" + orders))
        let runs = stride(from: 0, to: bytes.count, by: size).map { Set(bytes[$0..<($0 + size)]) }
        #expect(runs.allSatisfy { $0.count == 1 } && Set(runs.compactMap(\.first)) == Set(taken))
        try await registry.stop()
    }

    @Test func `a collection says what it would take, takes it, and leaves what a push may still want`() async throws {
        let registry = try await TestRegistry()
        _ = try await registry.model("kept", to: "open/m", as: "one")
        let forgotten = try await registry.blob("forgotten", to: "open/m")
        let wanted = try await registry.blob("wanted", to: "open/m")
        _ = try await registry.blob("forgotten", to: "open/other")
        func collect(_ caller: Caller, _ query: String = "") async throws -> [String]? {
            let answer = try await registry.client(caller).request("POST", "/v2/open/m/_lapwing/blobs/collect" + query)
            guard answer.status == 200 else { return nil }
            return try JSONDecoder().decode(BlobCollection.self, from: Data(answer.body)).blobs.map(\.digest)
        }
        // Only who may delete; and nothing that is young.
        #expect(try await collect(.writer) == nil)
        #expect(try await collect(.both, "?dry-run=yes") == nil)
        #expect(try await collect(.both) == [])
        registry.clock.advance(hours: 25)
        #expect(try await collect(.both, "?dry-run=true") == [forgotten, wanted].map(\.description).sorted())
        // A pusher finds the blob here and will not push it again: it counts as new from then on.
        let head = try await registry.client(.writer).request("HEAD", "/v2/open/m/blobs/\(wanted)")
        #expect(head.status == 200)
        #expect(try await collect(.both) == [forgotten.description])
        #expect(try await registry.client(.writer).request("HEAD", "/v2/open/m/blobs/\(wanted)").status == 200)
        #expect(try await registry.client(.writer).request("HEAD", "/v2/open/m/blobs/\(forgotten)").status == 404)
        #expect(try await registry.client(.writer).request("HEAD", "/v2/open/other/blobs/\(forgotten)").status == 200)
        #expect(registry.acts.acts.count { $0.action == "registry.blob.collect" } == 1)
        // What cannot be recorded is not taken.
        registry.clock.advance(hours: 25)
        registry.acts.breakDown()
        #expect(try await collect(.both) == nil)
        #expect(registry.files.length(of: wanted) == 6)
        try await registry.stop()
    }

    @Test func `pushes that race collections end whole, or push anew`() async throws {
        let registry = try await TestRegistry()
        let client = registry.client(.writer)
        for round in 0..<20 {
            let bytes = Array("race".utf8)
            let digest = ContentDigest(of: bytes)
            _ = try await registry.blob("race", to: "open/m")
            registry.clock.advance(hours: 25)
            async let collected = registry.client(.both).request("POST", "/v2/open/m/_lapwing/blobs/collect")
            let isThere = try await client.request("HEAD", "/v2/open/m/blobs/\(digest)").status == 200
            #expect(try await collected.status == 200)
            // Who was told that the blob is there finds it there.
            if isThere { #expect(registry.files.length(of: digest) == 4, "round \(round)") }
        }
        try await registry.stop()
    }

    @Test func `two registries do not work in one directory`() throws {
        let directory = try TemporaryDirectory()
        let first = try BlobFiles(directory: directory.path + "/files")
        let error = #expect(throws: RegistryError.self) { _ = try BlobFiles(directory: directory.path + "/files") }
        #expect(error?.code == .unavailable)
        withExtendedLifetime(first) {}
    }
}
