import Crypto
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ModelTrust

/// What was signed by shards is read when somebody reads it, and no more of it than that.
@Suite struct LazyLoadingTests {
    private static let mebibyte: UInt64 = 1 << 20
    private let weights = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 5) }

    private func manifest(_ parts: [LoadManifest.Part], _ algorithm: HashAlgorithm = .sha256) -> LoadManifest {
        LoadManifest(algorithm: algorithm, files: [.init(path: ModelPath(unchecked: Array("w".utf8)), parts: parts)])
    }

    private func code(_ body: () throws(LoadFailure) -> Void) -> LoadFailure.Code? { LoadFailure.caught(body)?.code }

    /// A file of zeros that takes no room on the disk, and its manifest.
    private func sparse(size: UInt64, shard: UInt64) throws -> (TemporaryModel, LoadManifest) {
        let folder = try TemporaryModel(["w": []])
        try FileHandle(forUpdating: URL(fileURLWithPath: folder.path + "/w")).truncate(atOffset: size)
        let digest = Array(SHA256.hash(data: [UInt8](repeating: 0, count: Int(shard))))
        let parts = stride(from: shard, through: size, by: Int(shard)).map {
            LoadManifest.Part(end: $0, digest: digest)
        }
        return (folder, manifest(parts))
    }

    @Test(arguments: [1 << 30, 4 << 30] as [UInt64])
    func `of a large file only the shards that a read touches are read`(size: UInt64) throws {
        let (folder, manifest) = try sparse(size: size, shard: Self.mebibyte)
        let model = try LoadedModel(at: folder.path, manifest: manifest)
        #expect(model.size(of: "w") == size)
        #expect(model.bytesRead == 0)
        #expect(try model.read("w", at: 0, count: 1) == [0])
        #expect(model.bytesRead == Self.mebibyte)
        // Within the shard that is known; then over the border between two others; then the last byte.
        #expect(try model.read("w", at: 1_000, count: 5_000).count == 5_000)
        #expect(model.bytesRead == Self.mebibyte)
        #expect(try model.read("w", at: size / 2 - 3, count: 10).count == 10)
        #expect(model.bytesRead == 3 * Self.mebibyte)
        #expect(try model.read("w", at: size - 1, count: 10) == [0])
        #expect(model.bytesRead == 4 * Self.mebibyte)
    }

    @Test func `a large shard is hashed whole by its first read, and by chunks from then on`() throws {
        let (folder, manifest) = try sparse(size: 96 << 20, shard: 32 << 20)
        let model = try LoadedModel(at: folder.path, manifest: manifest, cache: VerifiedCache(capacity: 4 << 20))
        #expect(try model.read("w", at: 33 << 20, count: 1) == [0])
        #expect(model.bytesRead == 32 * Self.mebibyte)
        #expect(try model.read("w", at: 60 << 20, count: 1) == [0])
        #expect(model.bytesRead == 33 * Self.mebibyte)
    }

    @Test(arguments: HashAlgorithm.allCases)
    func `reads are of what was signed, wherever they begin and however it was cut`(algorithm: HashAlgorithm) throws {
        var random = SplitMix(state: 11)
        for size in [1, 7, 500, 2_048, 2_049, 5_000, 19_999, 20_000] {
            // Of parts that small a few thousand are as good as more.
            let weights = size < 100 ? Array(weights.prefix(3_000)) : weights
            let folder = try TemporaryModel(["w": weights])
            let parts = stride(from: 0, to: weights.count, by: size).map { start in
                let end = min(start + size, weights.count)
                let hasher = PartHasher(algorithm)
                hasher.add(weights[start..<end])
                return LoadManifest.Part(end: UInt64(end), digest: hasher.digest())
            }
            let model = try LoadedModel(
                at: folder.path,
                manifest: manifest(parts, algorithm),
                chunkSize: 512,
                cache: VerifiedCache(capacity: 6_000)
            )
            for _ in 0..<20 {
                let start = Int.random(in: 0..<weights.count, using: &random)
                let count = Int.random(in: 1..<3_000, using: &random)
                let expected = Array(weights[start..<min(start + count, weights.count)])
                #expect(try model.read("w", at: UInt64(start), count: count) == expected, "\(size) \(start) \(count)")
            }
            var all: [UInt8] = []
            while all.count < weights.count { all += try model.read("w", at: UInt64(all.count), count: 900) }
            #expect(all == weights, "\(size), in order")
        }
    }

    @Test(arguments: [1_000, 5_000])
    func `a shard that was changed is an error to who reads it, and to nobody else`(size: Int) throws {
        let folder = try TemporaryModel(["w": weights])
        let reports = Mutex<[LoadFailure]>([])
        try folder.flip("w", at: 7_500)
        let model = try LoadedModel(
            at: folder.path,
            manifest: manifest(TemporaryModel.shards(of: weights, size: size)),
            chunkSize: 512,
            cache: VerifiedCache(capacity: 2_048)
        ) { failure in reports.withLock { $0.append(failure) } }
        #expect(try model.read("w", at: 0, count: 4_500) == Array(weights[..<4_500]))
        #expect(code { () throws(LoadFailure) in _ = try model.read("w", at: 7_499, count: 1) } == .tampered)
        #expect(reports.withLock { $0 }.map(\.offset) == [UInt64(7_500 / size * size)])
        // What was read once, and then changed, is found out as well: by its digest or by its tree.
        #expect(try model.read("w", at: 19_000, count: 9) == Array(weights[19_000..<19_009]))
        try folder.flip("w", at: 17_000)
        #expect(try model.read("w", at: 10_000, count: 3_000) == Array(weights[10_000..<13_000]))
        #expect(code { () throws(LoadFailure) in _ = try model.read("w", at: 17_000, count: 1) } == .tampered)
    }

    @Test func `who reads in order meets a changed shard where it is, and not at the one before it`() throws {
        // By the read itself, by two at once, and by a thread ahead of the reader.
        for changed in [1, 2, 3, 4, 5, 11, 18, 19] {
            let folder = try TemporaryModel(["w": weights])
            try folder.flip("w", at: changed * 1_000 + 999)
            let manifest = manifest(TemporaryModel.shards(of: weights, size: 1_000))
            let model = try LoadedModel(at: folder.path, manifest: manifest, cache: VerifiedCache(capacity: 8_000))
            for shard in 0..<20 {
                let read = Result { () throws(LoadFailure) in
                    try model.read("w", at: UInt64(shard * 1_000), count: 1_000)
                }
                switch read {
                case .success(let bytes): #expect(bytes == Array(weights[(shard * 1_000)..<((shard + 1) * 1_000)]))
                case .failure(let failure):
                    #expect(failure.code == .tampered && failure.offset == UInt64(shard * 1_000))
                }
                #expect(((try? read.get()) == nil) == (shard == changed), "\(shard) of which \(changed) is changed")
            }
        }
    }

    @Test func `a file of another length than its shards is not opened, and one that shrank is not read`() throws {
        let folder = try TemporaryModel(["w": weights])
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder.path + "/w"))
        let manifest = manifest(TemporaryModel.shards(of: weights, size: 1_000))
        let model = try LoadedModel(at: folder.path, manifest: manifest)
        try file.truncate(atOffset: 19_999)
        #expect(code { () throws(LoadFailure) in _ = try model.read("w", at: 19_500, count: 1) } == .tampered)
        #expect(
            code { () throws(LoadFailure) in _ = try LoadedModel(at: folder.path, manifest: manifest) } == .tampered
        )
        try file.truncate(atOffset: 20_001)
        #expect(
            code { () throws(LoadFailure) in _ = try LoadedModel(at: folder.path, manifest: manifest) } == .tampered
        )
    }

    @Test func `many readers of one shard have it hashed once`() throws {
        let (folder, manifest) = try sparse(size: 64 << 20, shard: 16 << 20)
        let model = try LoadedModel(at: folder.path, manifest: manifest)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in _ = try? model.read("w", at: 16 << 20, count: 10) }
        #expect(model.bytesRead == 16 * Self.mebibyte)
    }

    @Test func `what is read in order is verified ahead of its reader, and each shard once`() throws {
        let (folder, manifest) = try sparse(size: 24 << 20, shard: Self.mebibyte)
        let model = try LoadedModel(at: folder.path, manifest: manifest, cache: VerifiedCache(capacity: 32 << 20))
        let file = try #require(model.file("w"))
        for place in 0..<2 {
            #expect(!file.isReadInOrder)
            file.readAhead()
            #expect(model.bytesRead == UInt64(place) * Self.mebibyte)
            #expect(try file.pieces(at: UInt64(place) << 20, count: 1 << 20).joined().count == 1 << 20)
        }
        #expect(file.isReadInOrder)
        file.readAhead()
        // Each thread takes two at once where that costs less.
        let ahead = StreamHasher.pairs(.sha256) ? (VerifiedFile.most + 1) / 2 * 2 : VerifiedFile.most
        #expect(model.bytesRead == UInt64(2 + ahead) * Self.mebibyte)
        #expect(file.knownPieces(at: 2 << 20, count: 1) != nil)
        // Reads ahead of the rest go on beside these.
        for place in stride(from: 2 << 20, to: 24 << 20, by: 1 << 19) {
            #expect(try model.read("w", at: UInt64(place), count: 1 << 19).count == 1 << 19)
        }
        #expect(model.bytesRead == 24 * Self.mebibyte)
    }

    @Test func `readers of many files take nothing ahead that has to be loaded again`() throws {
        let size = 16
        let names = (0..<8).map { "f\($0)" }
        let folder = try TemporaryModel(Dictionary(uniqueKeysWithValues: names.map { ($0, []) }))
        let digest = Array(SHA256.hash(data: [UInt8](repeating: 0, count: 1 << 20)))
        let parts = (1...size).map { LoadManifest.Part(end: UInt64($0) << 20, digest: digest) }
        let files = try names.map { name in
            try FileHandle(forUpdating: URL(fileURLWithPath: folder.path + "/" + name)).truncate(
                atOffset: UInt64(size) << 20
            )
            return LoadManifest.File(path: ModelPath(unchecked: Array(name.utf8)), parts: parts)
        }
        let manifest = LoadManifest(algorithm: .sha256, files: files)
        let model = try LoadedModel(at: folder.path, manifest: manifest, cache: VerifiedCache(capacity: 16 << 20))
        // By turns, a quarter of a shard each: what a reader is in has to stay, whatever others load ahead.
        for place in stride(from: 0, to: size << 20, by: 1 << 18) {
            for name in names {
                #expect(try model.read(name, at: UInt64(place), count: 1 << 18).count == 1 << 18)
            }
        }
        #expect(model.bytesRead <= UInt64(8 * size * 13 / 10) * Self.mebibyte)
    }

    @Test func `who jumps back is read nothing but what is asked for`() throws {
        let (folder, manifest) = try sparse(size: 64 << 20, shard: Self.mebibyte)
        let model = try LoadedModel(at: folder.path, manifest: manifest)
        let file = try #require(model.file("w"))
        for place in 60..<63 { _ = try file.read(at: UInt64(place) << 20, count: 1 << 20) }
        let before = model.bytesRead
        _ = try file.read(at: 10 << 20, count: 1)
        #expect(model.bytesRead == before + Self.mebibyte)
    }

    @Test func `what one read asks for is taken two shards at once, and each once`() throws {
        let (folder, manifest) = try sparse(size: 24 << 20, shard: Self.mebibyte)
        let model = try LoadedModel(at: folder.path, manifest: manifest)
        #expect(try model.file("w")?.read(at: 1_000, count: 20 << 20).count == 20 << 20)
        #expect(model.bytesRead == 21 * Self.mebibyte)
    }

    @Test func `of a model of very many files none stays open`() throws {
        let files = (0..<300).map { ("f\($0)", [UInt8(truncatingIfNeeded: $0), 1]) }
        let folder = try TemporaryModel(Dictionary(uniqueKeysWithValues: files))
        let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        let model = try LoadedModel(at: folder.path, manifest: folder.manifest)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < before + 100)
        for (name, bytes) in files { #expect(try model.read(name, at: 0, count: 5) == bytes) }
    }
}
