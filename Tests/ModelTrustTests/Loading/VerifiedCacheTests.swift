import Dispatch
import Synchronization
import Testing

@testable import ModelTrust

@Suite struct VerifiedCacheTests {
    private let key = VerifiedCache.Key(file: 0, start: 0)

    /// Has another thread load a key, and runs a body while it is at it.
    private func whileLoading(
        _ cache: VerifiedCache,
        _ result: Result<[UInt8], LoadFailure>,
        _ body: () throws -> Void
    ) rethrows {
        let (begun, go, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let key = key
        DispatchQueue.global().async {
            _ = try? cache.bytes(of: key, turn: 0) { () throws(LoadFailure) in
                begun.signal()
                go.wait()
                return try result.get()
            }
            ended.signal()
        }
        begun.wait()
        defer {
            go.signal()
            ended.wait()
        }
        try body()
    }

    private func key(_ start: UInt64) -> VerifiedCache.Key { VerifiedCache.Key(file: 0, start: start) }

    /// Loads two bytes ahead of their reader; whether it did.
    private func loadAhead(_ cache: VerifiedCache, _ start: UInt64, fails: Bool = false) -> Bool {
        var isLoaded = false
        try? cache.loadAhead(key(start), count: 2) { () throws(LoadFailure) in
            isLoaded = true
            if fails { throw LoadFailure(.tampered, "w", "it was changed") }
            return [UInt8(start), 0]
        }
        return isLoaded
    }

    @Test
    func `half of what is held may lie ahead of readers, and has its room back when it is read, put out or fails`() {
        let cache = VerifiedCache(capacity: 8)
        #expect(loadAhead(cache, 0) && loadAhead(cache, 2))
        #expect(!cache.hasRoomAhead(1) && !loadAhead(cache, 4) && !loadAhead(cache, 0))
        #expect(cache.find(key(0)) == [0, 0])
        // It is known, and nobody's any more.
        #expect(!loadAhead(cache, 0) && loadAhead(cache, 4) && !loadAhead(cache, 6))
        cache.remove(key(4))
        #expect(loadAhead(cache, 6, fails: true) && cache.find(key(6)) == nil)
        #expect(loadAhead(cache, 6) && !cache.hasRoomAhead(1))
        // What another way brings in its place is not ahead of anybody.
        cache.add([1, 2], at: key(6))
        #expect(cache.hasRoomAhead(2) && !cache.hasRoomAhead(3))
    }

    @Test func `what nobody has read yet is put out last`() {
        let cache = VerifiedCache(capacity: 8)
        #expect(loadAhead(cache, 0) && loadAhead(cache, 2))
        for start in [4, 6, 8, 10] as [UInt64] { cache.add([1, 1], at: key(start)) }
        #expect(cache.find(key(4)) == nil && cache.find(key(6)) == nil && cache.find(key(8)) != nil)
        #expect(cache.find(key(0)) != nil && cache.find(key(2)) != nil)
        // From now on they are as any other.
        for start in [12, 14, 16, 18] as [UInt64] { cache.add([1, 1], at: key(start)) }
        #expect(cache.find(key(0)) == nil && cache.find(key(2)) == nil)
    }

    @Test func `who does not wait for what another thread loads is called when it was loaded`() throws {
        let cache = VerifiedCache()
        let found = Mutex<[[UInt8]?]>([])
        try whileLoading(cache, .success([1, 2, 3])) {
            let later: @Sendable () -> Void = { found.withLock { $0.append(cache.find(key)) } }
            let bytes = try cache.bytes(of: key, turn: 0, later: later) { () throws(LoadFailure) in
                Issue.record("it is being loaded")
                return []
            }
            #expect(bytes == nil)
            #expect(cache.has(key, turn: 0))
            #expect(found.withLock { $0.isEmpty })
        }
        #expect(found.withLock { $0 } == [[1, 2, 3]])
    }

    @Test func `what could not be loaded is loaded anew by who waited for it`() throws {
        let cache = VerifiedCache()
        let calls = Atomic<Int>(0)
        let later: @Sendable () -> Void = { calls.add(1, ordering: .relaxed) }
        try whileLoading(cache, .failure(LoadFailure(.tampered, "w", "it was changed"))) {
            let bytes = try cache.bytes(of: key, turn: 0, later: later) { () throws(LoadFailure) in [] }
            #expect(bytes == nil)
        }
        #expect(calls.load(ordering: .relaxed) == 1)
        #expect(cache.find(key) == nil)
        let bytes = try cache.bytes(of: key, turn: 0) { () throws(LoadFailure) in [4] }
        #expect(bytes == [4])
    }

    @Test func `memory that is used again changes nothing for who holds what was in it`() throws {
        let weights = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 5) }
        let folder = try TemporaryModel(["w": weights])
        let parts = TemporaryModel.shards(of: weights, size: 1_000)
        let manifest = LoadManifest(files: [.init(path: ModelPath(unchecked: Array("w".utf8)), parts: parts)])
        let model = try LoadedModel(at: folder.path, manifest: manifest)
        let file = try #require(model.file("w"))
        let held = try file.pieces(at: 0, count: 1_500)
        file.forget(file.spent(at: 0, count: 2_000, onlyWhole: true))
        #expect(file.knownPieces(at: 0, count: 1) == nil)
        #expect(try file.pieces(at: 2_000, count: 3_000).joined().elementsEqual(weights[2_000...]))
        #expect(held.joined().elementsEqual(weights[..<1_500]))
        // Of a shard that was given out in part, the rest will be asked for.
        file.forget(file.spent(at: 2_500, count: 1_000, onlyWhole: true))
        #expect(file.knownPieces(at: 2_000, count: 2_000)?.joined().elementsEqual(weights[2_000..<4_000]) == true)
        // Who reads out of order may ask for it as well.
        file.forget(file.spent(at: 2_500, count: 1_000, onlyWhole: false))
        #expect(file.knownPieces(at: 2_000, count: 500) != nil)
        #expect(file.knownPieces(at: 2_500, count: 1_000) != nil)
        file.forget(file.spent(at: 2_500, count: 1_000, onlyWhole: false))
        #expect(file.knownPieces(at: 2_999, count: 1) == nil)
        #expect(file.knownPieces(at: 3_000, count: 1) != nil)
    }
}
