import Foundation
import Registry
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct `The client` {
    private func model(in directory: TemporaryDirectory, _ name: String = "model") throws -> String {
        let root = directory.path + "/" + name
        for (path, text) in [
            ("model.safetensors", String(repeating: "weights", count: 200_000)), ("config.json", "{}"),
            ("README.md", "read me"), ("code/run.py", "print()"), ("empty.bin", ""),
        ] {
            let file = root + "/" + path
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true
            )
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        return root
    }

    /// 74 bytes of the configuration each: what is pushed of more would lie in quarantine for its configuration.
    @Test func `a folder of more files than an artifact has is refused before anything is pushed`() throws {
        let directory = try TemporaryDirectory()
        let root = directory.path + "/many"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        for number in 0..<14_500 {
            try #require(FileManager.default.createFile(atPath: root + "/\(number)", contents: nil))
        }
        let error = #expect(throws: RegistryClientError.self) { try ModelPack(path: root, name: "m") }
        #expect(error?.description.contains("14500, where") == true, "\(String(describing: error))")
    }

    @Test func `what is pushed comes back, byte for byte`() async throws {
        let registry = try await TestRegistry()
        let root = try model(in: registry.directory)
        let pack = try ModelPack(path: root, name: "m")
        let repository = try #require(RepositoryName("open/m"))
        let tag = try #require(ManifestReference("v1"))
        #expect(try await registry.transfer(.writer).push(pack, signature: nil, to: repository, as: tag) == false)
        let target = registry.directory.path + "/pulled"
        let manifest = try await registry.transfer(.reader).pull(tag, in: repository, to: target)
        #expect(manifest.digest == pack.digest && manifest.isModel)
        for file in ["model.safetensors", "config.json", "README.md", "code/run.py", "empty.bin"] {
            #expect(
                FileManager.default.contents(atPath: root + "/" + file)
                    == FileManager.default.contents(atPath: target + "/" + file),
                "\(file)"
            )
        }
        // What is there is not written over.
        await #expect(throws: RegistryClientError.self) {
            _ = try await registry.transfer(.reader).pull(tag, in: repository, to: target)
        }
        try await registry.stop()
    }

    @Test func `the same files make the same artifact, and kinds of file are told apart`() throws {
        let directory = try TemporaryDirectory()
        let (one, two) = try (model(in: directory), model(in: directory, "other"))
        let (first, second) = try (ModelPack(path: one, name: "m"), ModelPack(path: two, name: "m"))
        #expect(first.manifest == second.manifest && first.config == second.config)
        var kinds: [String: String] = [:]
        for file in first.files {
            kinds[file.descriptor.annotations["org.cncf.model.filepath"] ?? ""] = file.descriptor.mediaType
        }
        #expect(kinds["model.safetensors"] == "application/vnd.cncf.model.weight.v1.raw")
        #expect(kinds["config.json"] == "application/vnd.cncf.model.weight.config.v1.raw")
        #expect(kinds["README.md"] == "application/vnd.cncf.model.doc.v1.raw")
        #expect(kinds["code/run.py"] == "application/vnd.cncf.model.code.v1.raw")
        let text = String(decoding: first.config, as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"config":{"format":"safetensors"},"descriptor":{"name":"m"},"modelfs":{"diffIds":["sha256:"#
            )
        )
    }

    @Test func `a signature goes along and brings a model out of quarantine at once`() async throws {
        let registry = try await TestRegistry()
        let pack = try ModelPack(path: try model(in: registry.directory), name: "m")
        let repository = try #require(RepositoryName("checked/m"))
        let tag = try #require(ManifestReference("one"))
        #expect(try await registry.transfer(.writer).push(pack, signature: nil, to: repository, as: tag))
        let failure = await #expect(throws: RegistryClientError.self) {
            _ = try await registry.transfer(.reader).pull(tag, in: repository, to: registry.directory.path + "/p")
        }
        #expect(failure?.code == .refused && failure?.description.contains("QUARANTINED") == true)
        #expect(try await registry.transfer(.writer).push(pack, signature: [1, 2], to: repository, as: tag) == false)
        _ = try await registry.transfer(.reader).pull(tag, in: repository, to: registry.directory.path + "/p")
        try await registry.stop()
    }

    @Test func `an upload that is refused is taken back`() async throws {
        let registry = try await TestRegistry(maximumBlobLength: 1000)
        let pack = try ModelPack(path: try model(in: registry.directory), name: "m")
        let repository = try #require(RepositoryName("open/m"))
        let tag = try #require(ManifestReference("v1"))
        let failure = await #expect(throws: RegistryClientError.self) {
            _ = try await registry.transfer(.writer).push(pack, signature: nil, to: repository, as: tag)
        }
        #expect(failure?.code == .refused && failure?.description.contains("at most 1000 bytes") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: registry.directory.path + "/files/uploads").isEmpty)
        try await registry.stop()
    }

    @Test func `names the place where nobody listens, and the system's reason`() async throws {
        let directory = try TemporaryDirectory()
        let client = RegistryClient(RegistryConnector(.unixSocket(directory.path + "/none")), authority: "none:443")
        let failure = await #expect(throws: RegistryClientError.self) { _ = try await client.request("GET", "/v2/") }
        #expect(
            failure?.description
                == "the registry at `\(directory.path)/none` cannot be reached: No such file or directory"
        )
    }

    @Test func `a pull that was broken off goes on, and what does not belong there is noticed`() async throws {
        let registry = try await TestRegistry()
        let pack = try ModelPack(path: try model(in: registry.directory), name: "m")
        let repository = try #require(RepositoryName("open/m"))
        let tag = try #require(ManifestReference("v1"))
        _ = try await registry.transfer(.writer).push(pack, signature: nil, to: repository, as: tag)
        let target = registry.directory.path + "/pulled"
        let staging = registry.directory.path + "/.pulled.\(pack.digest.hex.prefix(16)).partial"
        try FileManager.default.createDirectory(
            atPath: staging,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        // The half of a good file goes on; another begins again; a stranger's file stops it.
        try String(repeating: "weights", count: 1000).write(
            toFile: staging + "/model.safetensors",
            atomically: true,
            encoding: .utf8
        )
        try "no".write(toFile: staging + "/config.json", atomically: true, encoding: .utf8)
        try "x".write(toFile: staging + "/evil.py", atomically: true, encoding: .utf8)
        let wrong = await #expect(throws: RegistryClientError.self) {
            _ = try await registry.transfer(.reader).pull(tag, in: repository, to: target)
        }
        #expect(wrong?.code == .unverified, "\(wrong?.description ?? "")")
        let stranger = await #expect(throws: RegistryClientError.self) {
            _ = try await registry.transfer(.reader).pull(tag, in: repository, to: target)
        }
        #expect(stranger?.description.contains("evil.py") == true, "\(stranger?.description ?? "")")
        #expect(!FileManager.default.fileExists(atPath: target))
        try FileManager.default.removeItem(atPath: staging + "/evil.py")
        _ = try await registry.transfer(.reader).pull(tag, in: repository, to: target)
        #expect(FileManager.default.contents(atPath: target + "/model.safetensors")?.count == 1_400_000)
        try await registry.stop()
    }

    @Test func `links and names that lead elsewhere are refused on both ways`() async throws {
        let registry = try await TestRegistry()
        let root = try model(in: registry.directory)
        try FileManager.default.createSymbolicLink(atPath: root + "/link", withDestinationPath: "/etc/passwd")
        #expect(throws: RegistryClientError.self) { _ = try ModelPack(path: root, name: "m") }
        for name in ["../x", "/x", "a//b", "a/./b", "", "a\\b", "a\nb", "a/..", "a/"] {
            #expect(ModelPath(name) == nil, "\(name)")
            let escaped = name.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
            try await registry.blob("{}", to: "open/m")
            let config = ContentDigest(of: Array("{}".utf8))
            let body =
                #"{"schemaVersion":2,"config":{"mediaType":"\#(MediaType.empty)","digest":"\#(config)","size":2},"layers":["#
                + #"{"mediaType":"application/octet-stream","digest":"\#(config)","size":2,"annotations":"#
                + #"{"org.opencontainers.image.title":"\#(escaped)"}}]}"#
            let pushed = try await registry.client(.writer).request(
                "PUT",
                "/v2/open/m/manifests/bad",
                fields: [("content-type", MediaType.imageManifest)],
                content: Array(body.utf8)
            )
            #expect(pushed.status == 201)
            let target = registry.directory.path + "/out"
            let failure = await #expect(throws: RegistryClientError.self) {
                _ = try await registry.transfer(.reader).pull(
                    try #require(ManifestReference("bad")),
                    in: try #require(RepositoryName("open/m")),
                    to: target
                )
            }
            #expect(failure?.code == .unverified, "\(name)")
            #expect(!FileManager.default.fileExists(atPath: target))
        }
        try await registry.stop()
    }
}
