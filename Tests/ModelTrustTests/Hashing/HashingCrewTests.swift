import Crypto
import Foundation
import Synchronization
import Testing

@testable import ModelTrust

@Suite("A crew hashes files of all sizes, two at once or one after the other", .timeLimit(.minutes(2)))
struct HashingCrewTests {
    /// About blocks of SHA-256, about the buffers and what is looked at in place, and many of each so that all meet all.
    private static let sizes = [
        0, 1, 55, 56, 63, 64, 65, 119, 128, 1_000, 4_096, 131_071, 131_072, 131_073, 262_144 + 64, 300_007, 700_000,
        2_500_063, 5_242_893,
    ]

    private let world: ModelWorld
    private let tree: ModelTree
    private var files: [(job: HashingJob, bytes: ArraySlice<UInt8>)] = []

    init() throws {
        world = try ModelWorld()
        let random = try #require(FileHandle(forReadingAtPath: "/dev/urandom"))
        var names: [(String, [UInt8])] = []
        for (number, size) in (Self.sizes + Self.sizes.reversed()).enumerated() {
            let bytes = Array(try random.read(upToCount: size) ?? Data())
            try world.write(bytes, to: "file-\(number).bin")
            names.append(("file-\(number).bin", bytes))
        }
        tree = try ModelTree(path: world.model)
        for (name, bytes) in names {
            let path = try ModelPath(name)
            let facts = try tree.open(path, links: .refuse).facts
            files.append((HashingJob(path: path, facts: facts, range: 0..<facts.size), bytes[...]))
            // A shard that begins where neither a page nor a block does.
            guard bytes.count > 100 else { continue }
            let range = 37..<(bytes.count - 5)
            let shard = UInt64(range.lowerBound)..<UInt64(range.upperBound)
            files.append((HashingJob(path: path, facts: facts, range: shard), bytes[range]))
        }
    }

    @Test(arguments: [false, true], [1, 2, 3])
    func `the digests are those of another implementation`(mapsFiles: Bool, workers: Int) throws {
        let hashed = Atomic<UInt64>(0)
        var crew = HashingCrew(algorithm: .sha256, workers: workers) { hashed.add($0, ordering: .relaxed) }
        crew.mapsFiles = mapsFiles
        let outcomes = crew.digests(of: files.map(\.job), in: tree, links: .refuse)
        #expect(outcomes.count == files.count)
        for (file, outcome) in zip(files, outcomes) {
            let digest = try outcome.get()
            #expect(digest == Array(SHA256.hash(data: file.bytes)), "\(file.job.path) \(file.job.range)")
        }
        #expect(hashed.load(ordering: .relaxed) == files.reduce(0) { $0 + UInt64($1.bytes.count) })
    }

    @Test(arguments: [HashAlgorithm.blake2b, .blake3])
    func `other algorithms take one after the other`(algorithm: HashAlgorithm) throws {
        let crew = HashingCrew(algorithm: algorithm, workers: 2, mapsFiles: true) { _ in }
        let outcomes = crew.digests(of: files.map(\.job), in: tree, links: .refuse)
        for (file, outcome) in zip(files, outcomes) {
            var whole = StreamHasher(algorithm)
            unsafe file.bytes.withUnsafeBytes { unsafe whole.add($0) }
            let expected = whole.digest()
            #expect(try outcome.get() == expected, "\(file.job.path) \(file.job.range)")
        }
    }

    @Test func `two messages at once are as each alone, wherever they are cut`() {
        let bytes = (0..<2_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        for cut in [0, 1, 63, 64, 65, 128, 500, 960] {
            var first = StreamHasher(.sha256)
            var second = StreamHasher(.sha256)
            unsafe bytes.withUnsafeBytes { bytes in
                for range in [0..<cut, cut..<1_000] {
                    let other = unsafe UnsafeRawBufferPointer(
                        rebasing: bytes[range.lowerBound + 1_000..<range.upperBound + 1_000]
                    )
                    unsafe first.add(UnsafeRawBufferPointer(rebasing: bytes[range]), and: &second, other)
                }
            }
            let digests = [first.digest(), second.digest()]
            #expect(digests[0] == Array(SHA256.hash(data: bytes[..<1_000])), "cut at \(cut)")
            #expect(digests[1] == Array(SHA256.hash(data: bytes[1_000...])), "cut at \(cut)")
        }
    }

    @Test(arguments: [false, true])
    func `a file that is not what it was is refused, and no other`(mapsFiles: Bool) throws {
        let shorter = try ModelPath("file-16.bin")
        let gone = try ModelPath("file-20.bin")
        try world.write([1, 2, 3], to: "file-16.bin")
        try FileManager.default.removeItem(atPath: world.model + "/file-20.bin")
        let crew = HashingCrew(algorithm: .sha256, workers: 2, mapsFiles: mapsFiles) { _ in }
        let outcomes = crew.digests(of: files.map(\.job), in: tree, links: .refuse)
        for (file, outcome) in zip(files, outcomes) {
            switch outcome {
            case .success(let digest):
                #expect(file.job.path != shorter && file.job.path != gone)
                #expect(digest == Array(SHA256.hash(data: file.bytes)), "\(file.job.path) \(file.job.range)")
            case .failure(let refusal):
                #expect(refusal.code == (file.job.path == shorter ? .changed : .files))
                #expect(file.job.path == shorter || file.job.path == gone)
            }
        }
    }

    @Test(arguments: [false, true])
    func `a file that ends before it should is refused while another goes on`(mapsFiles: Bool) throws {
        // As if it were cut after it was opened: the job says more bytes than there are.
        let jobs = files.map { file in
            let end = file.job.range.upperBound + (file.job.path.description == "file-18.bin" ? 4_000_000 : 0)
            return HashingJob(path: file.job.path, facts: file.job.facts, range: file.job.range.lowerBound..<end)
        }
        let crew = HashingCrew(algorithm: .sha256, workers: 1, mapsFiles: mapsFiles) { _ in }
        let outcomes = crew.digests(of: jobs, in: tree, links: .refuse)
        for (file, outcome) in zip(files, outcomes) {
            switch outcome {
            case .success(let digest): #expect(digest == Array(SHA256.hash(data: file.bytes)))
            case .failure(let refusal):
                #expect(refusal.code == .changed && file.job.path.description == "file-18.bin")
            }
        }
    }
}
