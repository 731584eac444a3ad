import Foundation
import Testing

/// `lapwing model scan`, as a user runs it.
@Suite(.timeLimit(.minutes(5))) struct ModelScanCommandTests {
    /// A list, and a call of `os.system`.
    private static let plain: [UInt8] = Array("(lp0\nVa\np1\na.".utf8)
    private static let hostile: [UInt8] = Array("cos\nsystem\n(S'id'\ntR.".utf8)

    private func folder(_ files: [String: [UInt8]]) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: directory.path + "/" + name)) }
        return directory
    }

    @Test func `what is proven passes, and what is not makes the exit code one`() throws {
        let directory = try folder(["good.pkl": Self.plain, "bad.safetensors": Self.hostile])
        let good = try Program.run("model", "scan", directory.path + "/good.pkl")
        #expect(good.status == 0)
        #expect(good.output.contains("proven"))
        #expect(good.errors.contains("1 file: 1 proven, 0 not proven, 0 unsafe"))
        let bad = try Program.run("model", "scan", directory.path)
        #expect(bad.status == 1)
        #expect(bad.output.contains("calls `os.system` with `('id',)`"))
        let quiet = try Program.run("model", "scan", "--quiet", directory.path)
        #expect(!quiet.output.contains("good.pkl"))
        #expect(quiet.errors.isEmpty)
    }

    @Test func `machines read it too`() throws {
        let directory = try folder(["bad.pkl": Self.hostile])
        let file = directory.path + "/bad.pkl"
        let json = try Program.run("model", "scan", "-o", "json", file)
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        )
        #expect(report["version"] as? Int == 1)
        #expect(report["verdict"] as? String == "unsafe")
        let sarif = try Program.run("model", "scan", "-o", "sarif", file)
        let log = try #require(JSONSerialization.jsonObject(with: Data(sarif.output.utf8)) as? [String: Any])
        #expect(log["version"] as? String == "2.1.0")
        #expect(sarif.output.contains("\"byteOffset\""))
    }

    @Test func `links and pipes are not followed, and what is not there is a mistake of the user's`() throws {
        let directory = try folder(["good.pkl": Self.plain])
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/link",
            withDestinationPath: directory.path + "/good.pkl"
        )
        let pipe = unsafe mkfifo(directory.path + "/pipe", 0o600)
        #expect(pipe == 0)
        let result = try Program.run("model", "scan", directory.path)
        #expect(result.status == 1)
        #expect(result.output.contains("[link]"))
        #expect(result.output.contains("[special-file]"))
        #expect(result.errors.contains("3 files: 1 proven, 2 not proven, 0 unsafe"))
        #expect(try Program.run("model", "scan", directory.path + "/nothing").status == 2)
        #expect(try Program.run("model", "scan").status == 2)
    }

    @Test func `a scanner that dies leaves what it looked at not proven, and the rest is looked at all the same`()
        throws
    {
        // A list whose items take more memory than there is, a thousand at a time as picklers write them.
        let items: [UInt8] = [0x28] + Array(repeating: [0x4b, 1], count: 1000).joined() + [0x65]
        let large: [UInt8] = [0x80, 2, 0x5d] + Array(repeating: items, count: 300).joined() + [0x2e]
        let directory = try folder(["a": large, "b": Self.plain])
        #expect(try Program.run("model", "scan", directory.path).status == 0)
        let result = try Program.run("model", "scan", "--memory", "1", directory.path)
        #expect(result.status == 1)
        #expect(result.errors.contains("2 files: 1 proven, 1 not proven, 0 unsafe"), "\(result.errors)")
        #expect(result.output.contains("[scanner-ended]"))
    }
}
