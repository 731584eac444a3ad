import Crypto
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ModelTrust

@Suite struct LoadedModelTests {
    private static let scale = max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)
    private let weights = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 5) }

    private static func shards(of bytes: [UInt8], size: Int) -> LoadManifest {
        let path = ModelPath(unchecked: Array("w".utf8))
        return LoadManifest(files: [.init(path: path, parts: TemporaryModel.shards(of: bytes, size: size))])
    }

    private func code(_ body: () throws(LoadFailure) -> Void) -> LoadFailure.Code? {
        LoadFailure.caught(body)?.code
    }

    @Test func `what was signed is read, wherever the reads begin`() throws {
        let folder = try TemporaryModel(["a/b.bin": weights, "empty": []])
        let model = try LoadedModel(at: folder.path, manifest: folder.manifest, chunkSize: 1_024)
        #expect(model.names == ["a/b.bin", "empty"])
        #expect(try model.read("a/b.bin", at: 0, count: 20_000) == weights)
        #expect(try model.read("a/b.bin", at: 1_000, count: 3_000) == Array(weights[1_000..<4_000]))
        #expect(try model.read("a/b.bin", at: 9_999, count: 5) == [weights[9_999]])
        #expect(try model.read("a/b.bin", at: 10_000, count: 5) == [])
        #expect(try model.read("empty", at: 0, count: 5) == [])
    }

    @Test func `a file that is not what was signed is not opened`() throws {
        let folder = try TemporaryModel(["w": weights])
        try folder.flip("w", at: 5_000)
        #expect(
            code { () throws(LoadFailure) in _ = try LoadedModel(at: folder.path, manifest: folder.manifest) }
                == .tampered
        )
        #expect(
            code { () throws(LoadFailure) in _ = try SealedModel(at: folder.path, manifest: folder.manifest) }
                == .tampered
        )
    }

    @Test func `links, folders, pipes and names that lead out are not opened`() throws {
        let folder = try TemporaryModel(["w": weights, "outside/w": weights])
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "w")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/folder", withDestinationPath: "outside")
        _ = unsafe mkfifo(folder.path + "/pipe", 0o600)
        let digest = Array(SHA256.hash(data: weights))
        for name in [
            "link", "folder/w", "pipe", "outside", "../\(folder.path.split(separator: "/").last ?? "")/w", "none",
        ] {
            let manifest = LoadManifest(files: [
                .init(path: ModelPath(unchecked: Array(name.utf8)), parts: [.init(end: nil, digest: digest)])
            ])
            #expect(
                code { () throws(LoadFailure) in _ = try LoadedModel(at: folder.path, manifest: manifest) } == .missing,
                "\(name)"
            )
        }
    }

    @Test func `shards are held to their own digests, and to the file's end`() throws {
        let folder = try TemporaryModel(["w": weights])
        func part(_ range: Range<Int>) -> LoadManifest.Part {
            .init(end: UInt64(range.upperBound), digest: Array(SHA256.hash(data: weights[range])))
        }
        func load(_ parts: [LoadManifest.Part]) -> LoadFailure.Code? {
            code { () throws(LoadFailure) in
                _ = try LoadedModel(
                    at: folder.path,
                    manifest: LoadManifest(files: [.init(path: ModelPath(unchecked: Array("w".utf8)), parts: parts)])
                )
            }
        }
        #expect(load([part(0..<3_000), part(3_000..<10_000)]) == nil)
        #expect(load([part(0..<3_000), part(0..<3_000), part(3_000..<10_000)]) == .tampered)
        #expect(load([part(0..<3_000), part(3_000..<9_999)]) == .tampered)
        #expect(load([part(0..<3_000)]) == .tampered)
        #expect(load([part(3_000..<10_000), part(0..<3_000)]) == .tampered)
        #expect(load([]) == .tampered)
    }

    @Test func `a change is found at the next read, reported, and never given out`() throws {
        let folder = try TemporaryModel(["w": weights])
        let reports = Mutex<[LoadFailure]>([])
        let model = try LoadedModel(
            at: folder.path,
            manifest: folder.manifest,
            chunkSize: 1_024,
            cache: VerifiedCache(capacity: 2_048)
        ) { failure in
            reports.withLock { $0.append(failure) }
        }
        try folder.flip("w", at: 5_000)
        #expect(try model.read("w", at: 0, count: 4_096) == Array(weights[..<4_096]))
        #expect(code { () throws(LoadFailure) in _ = try model.read("w", at: 4_000, count: 4_096) } == .tampered)
        #expect(reports.withLock { $0 }.map(\.offset) == [4_096])
        #expect(model.failures == reports.withLock { $0 })
        // A file that grew or shrank is no better.
        try FileHandle(forUpdating: URL(fileURLWithPath: folder.path + "/w")).truncate(atOffset: 9_000)
        #expect(code { () throws(LoadFailure) in _ = try model.read("w", at: 9_500, count: 10) } == .tampered)
    }

    /// 10,000 trials at a scale of 20.
    @Test func `whenever a byte is changed during a load, no reader gets it`() throws {
        let bytes = weights
        let folder = try TemporaryModel(["w": bytes])
        // Signed whole; by shards that are hashed at each read; by shards that get a tree.
        let manifests = [folder.manifest] + [700, 4_000].map { Self.shards(of: bytes, size: $0) }
        var random = SplitMix(state: 7)
        var refused = 0
        for trial in 0..<(500 * Self.scale) {
            let offset = Int.random(in: 0..<bytes.count, using: &random)
            // Half of the changes come from another thread, at whatever moment; half between two reads.
            let change = trial % 2 == 0 ? Int.random(in: 0..<8, using: &random) : nil
            let pause = Int.random(in: 0..<300, using: &random)
            let begun = DispatchSemaphore(value: 0)
            let done = DispatchSemaphore(value: 0)
            if change == nil {
                DispatchQueue.global().async {
                    begun.signal()
                    for _ in 0..<pause { sched_yield() }
                    try? folder.flip("w", at: offset)
                    done.signal()
                }
                begun.wait()
            }
            var got: [(range: Range<Int>, bytes: [UInt8])] = []
            let failure = LoadFailure.caught { () throws(LoadFailure) in
                let model = try LoadedModel(
                    at: folder.path,
                    manifest: manifests[trial % manifests.count],
                    chunkSize: 512,
                    cache: VerifiedCache(capacity: 2_048)
                )
                for turn in 0..<8 {
                    if turn == change { try? folder.flip("w", at: offset) }
                    let start = Int.random(in: 0..<bytes.count, using: &random)
                    let count = Int.random(in: 1..<5_000, using: &random)
                    let read = try model.read("w", at: UInt64(start), count: count)
                    got.append((start..<min(start + count, bytes.count), read))
                }
            }
            if change == nil { done.wait() }
            for read in got { #expect(read.bytes == Array(bytes[read.range]), "trial \(trial)") }
            #expect(failure == nil || failure?.code == .tampered)
            refused += failure == nil ? 0 : 1
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path + "/w"))
        }
        #expect(refused > 0)
        print("verified loading: \(500 * Self.scale) changes during a load, \(refused) of them found, none given out")
    }

    @Test func `a sealed copy cannot be changed, nor follows the file`() throws {
        let folder = try TemporaryModel(["w": weights])
        let model = try SealedModel(at: folder.path, manifest: folder.manifest)
        try folder.flip("w", at: 17)
        #expect(try model.read("w", at: 0, count: 10_000) == weights)
        let path = try #require(model.path(of: "w"))
        #expect(FileManager.default.contents(atPath: path) == Data(weights))
        let descriptor = unsafe open(path, O_RDWR)
        defer { close(descriptor) }
        let written = unsafe write(descriptor, "x", 1)
        #expect(written == -1 && errno == EPERM)
        #expect(ftruncate(descriptor, 0) == -1 && errno == EPERM)
        let mapped = unsafe mmap(nil, 4_096, PROT_WRITE, MAP_SHARED, descriptor, 0) != MAP_FAILED
        #expect(!mapped)
    }
}
