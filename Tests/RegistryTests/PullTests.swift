import Foundation
import Glibc
import Registry
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct `Pulling` {
    @Test func `read and write are separate, and a stranger may do nothing`() async throws {
        let registry = try await TestRegistry()
        _ = try await registry.model("weights", to: "open/m", as: "one")
        let digest = ContentDigest(of: Array("weights".utf8))
        let cases: [(String, String, [Caller: Int])] = [
            ("GET", "/v2/open/m/manifests/one", [.reader: 200, .writer: 200, .promoter: 200, .stranger: 403]),
            ("GET", "/v2/open/m/blobs/\(digest)", [.reader: 200, .writer: 403, .promoter: 403, .stranger: 403]),
            ("HEAD", "/v2/open/m/blobs/\(digest)", [.reader: 200, .writer: 200, .promoter: 403, .stranger: 403]),
            ("GET", "/v2/open/m/tags/list", [.reader: 200, .writer: 200, .stranger: 403]),
            ("POST", "/v2/open/m/blobs/uploads/", [.reader: 403, .promoter: 403, .stranger: 403, .writer: 202]),
            ("PUT", "/v2/open/m/manifests/one", [.reader: 403, .promoter: 403, .stranger: 403]),
            ("DELETE", "/v2/open/m/manifests/one", [.reader: 403, .writer: 403, .stranger: 403]),
            ("DELETE", "/v2/open/m/blobs/\(digest)", [.reader: 403, .writer: 403, .both: 409]),
            ("GET", "/v2/open/m/_lapwing/tags/history", [.reader: 200, .stranger: 403]),
            ("POST", "/v2/open/m/_lapwing/tags/promote?reference=one&tag=x", [.reader: 403, .writer: 403]),
            ("GET", "/v2/unruled/m/tags/list", [.reader: 403, .both: 403]),
        ]
        for (method, uri, expected) in cases {
            for (caller, status) in expected {
                let answer = try await registry.client(caller).request(method, uri)
                #expect(answer.status == status, "\(caller) \(method) \(uri)")
                if status == 403, method != "HEAD" { #expect(code(answer) == "DENIED") }
            }
        }
        #expect(text(try await registry.client(.stranger).request("GET", "/v2/_catalog")) == #"{"repositories":[]}"#)
        #expect(
            text(try await registry.client(.reader).request("GET", "/v2/_catalog")) == #"{"repositories":["open/m"]}"#
        )
        try await registry.stop()
    }

    @Test func `a request that names nobody, two, or no SPIFFE ID is refused`() async throws {
        let registry = try await TestRegistry()
        for fields in [
            [], [("x-lapwing-spiffe-id", "root")], [("x-lapwing-spiffe-id", "")],
            [("x-lapwing-spiffe-id", Caller.both.id), ("x-lapwing-spiffe-id", Caller.writer.id)],
        ] {
            let client = RegistryClient(
                RegistryConnector(.unixSocket(registry.socket)),
                authority: "registry.test:443",
                fields: fields
            )
            let answer = try await client.request("GET", "/v2/")
            #expect(answer.status == 401 && code(answer) == "UNAUTHORIZED")
        }
        try await registry.stop()
    }

    @Test func `a process of another user is not listened to`() async throws {
        let registry = try await TestRegistry(uids: [geteuid() &+ 1])
        await #expect(throws: (any Error).self) { _ = try await registry.client(.both).request("GET", "/v2/") }
        try await registry.stop()
    }

    @Test func `a piece of a blob is the piece that was asked for`() async throws {
        let registry = try await TestRegistry()
        _ = try await registry.model("0123456789", to: "open/m", as: "one")
        let uri = "/v2/open/m/blobs/\(ContentDigest(of: Array("0123456789".utf8)))"
        let cases: [(String, Int, String)] = [
            ("bytes=2-4", 206, "234"), ("bytes=7-", 206, "789"), ("bytes=-1", 206, "9"),
            ("bytes=0-99", 206, "0123456789"),
            ("bytes=1-2,4-5", 200, "0123456789"),
        ]
        for (range, status, expected) in cases {
            let answer = try await registry.client(.reader).request("GET", uri, fields: [("range", range)])
            #expect(answer.status == status && text(answer) == expected, "\(range)")
        }
        let beyond = try await registry.client(.reader).request("GET", uri, fields: [("range", "bytes=10-")])
        #expect(beyond.status == 416 && code(beyond) == "RANGE_INVALID")
        try await registry.stop()
    }

    @Test func `a blob that the disk has damaged never comes whole`() async throws {
        let registry = try await TestRegistry()
        let content = String(repeating: "weights ", count: 100_000)
        _ = try await registry.model(content, to: "open/m", as: "one")
        let digest = ContentDigest(of: Array(content.utf8))
        let file = registry.directory.path + "/files/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)"
        let handle = try #require(FileHandle(forUpdatingAtPath: file))
        try handle.seek(toOffset: 400_000)
        try handle.write(contentsOf: Data("W".utf8))
        try handle.close()
        await #expect(throws: (any Error).self) {
            _ = try await registry.client(.reader).request("GET", "/v2/open/m/blobs/\(digest)")
        }
        // One that is shorter is not begun.
        _ = unsafe truncate(file, 100)
        #expect(try await registry.client(.reader).request("GET", "/v2/open/m/blobs/\(digest)").status == 500)
        // To push it again mends it.
        try await registry.blob(content, to: "open/m")
        #expect(text(try await registry.client(.reader).request("GET", "/v2/open/m/blobs/\(digest)")) == content)
        try await registry.stop()
    }

    @Test func `tags and repositories come in pages`() async throws {
        let registry = try await TestRegistry()
        for tag in ["c", "a", "b"] { _ = try await registry.model(tag, to: "open/m", as: tag) }
        let client = registry.client(.reader)
        let first = try await client.request("GET", "/v2/open/m/tags/list?n=2")
        #expect(text(first) == #"{"name":"open/m","tags":["a","b"]}"#)
        #expect(first.field("link") == #"</v2/open/m/tags/list?n=2&last=b>; rel="next""#)
        let rest = try await client.request("GET", "/v2/open/m/tags/list?n=2&last=b")
        #expect(text(rest) == #"{"name":"open/m","tags":["c"]}"# && rest.field("link") == nil)
        #expect(text(try await client.request("GET", "/v2/open/m/tags/list?n=0")) == #"{"name":"open/m","tags":[]}"#)
        #expect(try await client.request("GET", "/v2/open/m/tags/list?n=x").status == 400)
        #expect(code(try await client.request("GET", "/v2/open/none/tags/list")) == "NAME_UNKNOWN")
        try await registry.stop()
    }

    @Test(arguments: [
        ("GET", "/", 404), ("GET", "/v1/", 404), ("GET", "/v2", 200), ("GET", "/v2/", 200), ("POST", "/v2/", 405),
        ("GET", "/v2/open/m", 404), ("GET", "/v2/Open/m/tags/list", 400), ("GET", "/v2/open/../m/tags/list", 400),
        ("GET", "/v2/open%2Fm/tags/list", 404), ("GET", "/v2/open/m/blobs/sha256:zz", 400),
        ("GET", "/v2/open/m/manifests/-x", 404), ("GET", "/v2/open/m/manifests/md5:00", 400),
        ("PATCH", "/v2/open/m/tags/list", 405), ("GET", "/v2/open/m/blobs/uploads/none", 404),
        ("GET", "/v2/%zz/tags/list", 400), ("GET", "/v2/open/m/_lapwing/x/y", 404),
        ("GET", "/v2/open/m/referrers/one", 400),
    ])
    func `a path that is none is refused as such`(_ method: String, _ uri: String, _ status: Int) async throws {
        let registry = try await TestRegistry()
        #expect(try await registry.client(.both).request(method, uri).status == status)
        try await registry.stop()
    }
}
