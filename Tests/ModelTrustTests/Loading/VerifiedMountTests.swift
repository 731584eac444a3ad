import Foundation
import Glibc
import Synchronization
import Testing

@testable import ModelTrust

@Suite struct VerifiedMountTests {
    private let weights = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) }

    /// Runs a shell script where the model is mounted; nil where this system lets nobody mount.
    private func run(_ script: String, _ model: LoadedModel) throws -> Int32? {
        let place = "/tmp/lapwing-mount-test-\(UUID().uuidString)"
        let isFile = model.size(of: "") != nil
        guard
            isFile
                ? FileManager.default.createFile(atPath: place, contents: nil)
                : unsafe mkdir(place, 0o700) == 0
        else { throw LoadFailure(.missing, place, "it cannot be made") }
        defer { if isFile { _ = unsafe unlink(place) } else { _ = unsafe rmdir(place) } }
        do throws(LoadFailure) {
            let command = try MountedCommand(
                "/bin/sh",
                arguments: ["sh", "-c", script, "sh", place, model.path],
                environment: ["PATH=/usr/bin:/bin", "LC_ALL=C"],
                model: model,
                at: place
            )
            return command.wait()
        } catch {
            guard error.code == .unsupported else { throw error }
            print("verified mount: skipped, \(error)")
            return nil
        }
    }

    @Test func `a command reads verified bytes where the model is mounted, and can write none`() throws {
        let folder = try TemporaryModel(["w.bin": weights, "a/b/c.txt": Array("hello".utf8), "empty": []])
        let model = try LoadedModel(at: folder.path, manifest: folder.manifest)
        try Data(weights).write(to: URL(fileURLWithPath: folder.path + "-copy"))
        defer { try? FileManager.default.removeItem(atPath: folder.path + "-copy") }
        let script = """
            cmp "$1/w.bin" "$2-copy" || exit 11
            test "$(cat "$1/a/b/c.txt")" = hello || exit 12
            test "$(ls "$1" | tr '\\n' ' ')" = "a empty w.bin " || exit 13
            test "$(stat -c %s "$1/w.bin")" = 3000000 || exit 14
            test ! -s "$1/empty" || exit 15
            (echo x > "$1/w.bin") 2>/dev/null && exit 16
            (touch "$1/new") 2>/dev/null && exit 17
            rm -f "$1/w.bin" 2>/dev/null && exit 18
            cat "$1/none" 2>/dev/null && exit 19
            dd if="$1/w.bin" bs=1 skip=2999999 count=9 2>/dev/null | wc -c | grep -qx 1 || exit 20
            exit 7
            """
        guard let status = try run(script, model) else { return }
        #expect(status == 7)
        #expect(model.failures.isEmpty)
        // The mount was the command's alone.
        #expect(FileManager.default.contents(atPath: folder.path + "/w.bin") == Data(weights))
    }

    @Test func `a changed chunk is an error to its reader, and is reported`() throws {
        let folder = try TemporaryModel(["w.bin": weights])
        let reports = Mutex<[LoadFailure]>([])
        let model = try LoadedModel(at: folder.path, manifest: folder.manifest) { failure in
            reports.withLock { $0.append(failure) }
        }
        try folder.flip("w.bin", at: 2_500_000)
        let script = """
            dd if="$1/w.bin" of=/dev/null bs=65536 count=1 2>/dev/null || exit 11
            dd if="$1/w.bin" of=/dev/null bs=65536 skip=38 2>/dev/null && exit 12
            exit 7
            """
        guard let status = try run(script, model) else { return }
        #expect(status == 7)
        #expect(reports.withLock { $0.first?.offset } == 2 << 20)
    }

    @Test func `many read one file at once, each from where it likes`() throws {
        // Large enough to be read past the kernel's cache, in shards that begin in the middle of pages.
        let weights = (0..<9_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) }
        let folder = try TemporaryModel(["w.bin": weights])
        let parts = TemporaryModel.shards(of: weights, size: 700_001)
        let manifest = LoadManifest(files: [.init(path: ModelPath(unchecked: Array("w.bin".utf8)), parts: parts)])
        let model = try LoadedModel(at: folder.path, manifest: manifest)
        try Data(weights).write(to: URL(fileURLWithPath: folder.path + "-copy"))
        defer { try? FileManager.default.removeItem(atPath: folder.path + "-copy") }
        let script = """
            same() { dd "if=$1" "$3" "$4" 2>/dev/null | cmp -s - "$2" || touch "$2-bad"; }
            for size in 4096 65536 1048576 3000000; do
                same "$1/w.bin" "$2-copy" bs=$size status=none &
            done
            wait
            for skip in 1 2 3; do
                (dd "if=$1/w.bin" bs=1000000 skip=$skip status=none | \
                    cmp -s - "$2-copy" -i 0:${skip}000000 || touch "$2-copy-bad") &
            done
            wait
            test ! -e "$2-copy-bad" || { rm "$2-copy-bad"; exit 11; }
            exit 7
            """
        guard let status = try run(script, model) else { return }
        #expect(status == 7)
        #expect(model.failures.isEmpty)
    }

    @Test func `a command's end is its own, by status or by signal`() throws {
        let folder = try TemporaryModel(["w.bin": [1]])
        let model = try LoadedModel(at: folder.path, manifest: folder.manifest)
        guard let status = try run("exit 3", model) else { return }
        #expect(status == 3)
        #expect(try run("kill -TERM $$", model) == 128 + SIGTERM)
        #expect(throws: LoadFailure.self) {
            _ = try MountedCommand("/no/such/program", arguments: ["x"], environment: [], model: model, at: folder.path)
                .wait()
        }
    }

    @Test func `a command opens sealed copies, and cannot change them`() throws {
        let folder = try TemporaryModel(["w.bin": weights])
        let model = try SealedModel(at: folder.path, manifest: folder.manifest)
        try folder.flip("w.bin", at: 5)
        let path = try #require(model.path(of: "w.bin"))
        let script = """
            test "$(head -c 6 "$1" | od -An -tu1 | tr -d ' ')" = "$2" || exit 11
            (echo x > "$1") 2>/dev/null && exit 12
            exit 7
            """
        let expected = weights.prefix(6).map(String.init).joined()
        let command = try MountedCommand(
            "/bin/sh",
            arguments: ["sh", "-c", script, "sh", path, expected],
            environment: ["PATH=/usr/bin:/bin"],
            sealed: model
        )
        #expect(command.wait() == 7)
        #expect(model.names == ["w.bin"])
    }

    @Test func `a model of one file is mounted as one`() throws {
        let folder = try TemporaryModel(["w.bin": weights])
        let parts = folder.manifest.files[0].parts
        let manifest = LoadManifest(files: [.init(path: .itself, parts: parts)])
        let model = try LoadedModel(at: folder.path + "/w.bin", manifest: manifest)
        try folder.flip("w.bin", at: 2_500_000)
        let script =
            "test $(head -c 1000000 \"$1\" | wc -c) = 1000000 || exit 11; cat \"$1\" >/dev/null 2>&1 && exit 12; exit 7"
        guard let status = try run(script, model) else { return }
        #expect(status == 7)
    }

    @Test func `whatever the kernel would ask, an answer is bounded and right in form`() throws {
        let folder = try TemporaryModel(["a/b": [1, 2, 3], "c": []])
        let model = try LoadedModel(at: folder.path, manifest: folder.manifest)
        let server = FUSEServer(-1, model: model)
        var random = SplitMix(state: 3)
        for _ in 0..<5_000 {
            var bytes = (0..<Int.random(in: 0..<120, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if bytes.count > 24 {
                bytes.replaceSubrange(4..<8, with: [UInt8].little(UInt32.random(in: 0..<60, using: &random)))
                bytes.replaceSubrange(16..<24, with: [UInt8].little(UInt64.random(in: 0..<7, using: &random)))
            }
            guard let request = FUSERequest(bytes[...]), let answer = server.answer(to: request) else { continue }
            #expect(answer.count >= 16 && Array(answer[..<4]) == .little(UInt32(answer.count)))
        }
    }
}
