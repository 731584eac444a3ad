import AuditLog
import Foundation
import Testing

/// Proofs and golden trees of other implementations, in the corpus' folder `tlog`.
@Suite struct `Audit log corpus` {
    /// The folder of the suite; nil, with a line that says so, where there is none.
    private static let folder: URL? = {
        guard let corpus = ProcessInfo.processInfo.environment["LAPWING_CORPUS"] else {
            print("tlog: skipped, LAPWING_CORPUS is not set")
            return nil
        }
        return URL(filePath: corpus).appending(path: "tlog")
    }()

    private struct ProofCase: Decodable {
        let leafIdx: UInt64?
        let treeSize: UInt64?
        let start: UInt64?
        let end: UInt64?
        let size: UInt64?
        let size1: UInt64?
        let size2: UInt64?
        let root: Data?
        let root1: Data?
        let root2: Data?
        let leafHash: Data?
        let proof: [Data]?
        let wantErr: Bool

        /// Whether the proof holds.
        func holds(_ kind: String) -> Bool {
            let path = (proof ?? []).compactMap { MerkleHash($0) }
            guard path.count == proof?.count ?? 0 else { return false }
            switch kind {
            case "inclusion":
                guard let leafIdx, let treeSize, let root = hash(root), let leaf = hash(leafHash) else { return false }
                return MerkleProof.verifyInclusion(leaf: leaf, index: leafIdx, size: treeSize, root: root, path: path)
            case "consistency":
                guard let size1, let size2, let root1 = hash(root1), let root2 = hash(root2) else { return false }
                return MerkleProof.verifyConsistency(
                    oldSize: size1,
                    oldRoot: root1,
                    size: size2,
                    root: root2,
                    path: path
                )
            case "subtreeinclusion":
                guard let leafIdx, let start, let end, start <= end, let root = hash(root), let leaf = hash(leafHash)
                else { return false }
                return MerkleProof.verifySubtreeInclusion(
                    leaf: leaf,
                    index: leafIdx,
                    subtree: start..<end,
                    root: root,
                    path: path
                )
            case "subtreeconsistency":
                guard let start, let end, start <= end, let size, let root1 = hash(root1), let root2 = hash(root2)
                else { return false }
                return MerkleProof.verifySubtreeConsistency(
                    subtree: start..<end,
                    subtreeRoot: root1,
                    size: size,
                    root: root2,
                    path: path
                )
            default: return false
            }
        }

        /// The suite has roots that are no hashes, to be compared and nothing else: each stands for one that no tree has.
        private func hash(_ data: Data?) -> MerkleHash? {
            data.map { MerkleHash($0) ?? .leaf(Array($0)) }
        }
    }

    private static func files(below folder: URL) -> [URL] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().map { folder.appending(path: $0) }
    }

    @Test(arguments: ["inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"])
    func `Merkle proofs are accepted and refused as the suite says`(kind: String) throws {
        guard let folder = Self.folder?.appending(path: "merkle/testdata/\(kind)") else { return }
        var tally = SuiteReport(name: "tlog/merkle/\(kind)")
        for file in Self.files(below: folder) where file.pathExtension == "json" {
            let proof = try JSONDecoder().decode(ProofCase.self, from: Data(contentsOf: file))
            tally.expect(proof.holds(kind) != proof.wantErr, file.path)
        }
        tally.finish()
    }

    /// The key of Tessera's test log, which is public.
    private static let testKeys = ["example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"]

    @Test func `golden trees have the roots of their checkpoints and the hashes of their entries`() throws {
        guard let folder = Self.folder else { return }
        var tally = SuiteReport(name: "tlog/golden")
        let keys = try Self.testKeys.map { try NoteVerifier($0) }
        for directory in Self.files(below: folder) where Self.isTree(directory) {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
            where name.hasPrefix("checkpoint") {
                let file = directory.appending(path: name)
                let note = try SignedNote(Data(contentsOf: file))
                let checkpoint = try Checkpoint(text: note.text)
                let reader = TileReader(directory: directory.path, size: checkpoint.size)
                let root = try? MerkleTree.root(size: checkpoint.size, from: reader)
                tally.expect(root == checkpoint.root, "\(file.path): root")
                if keys.contains(where: { $0.name == checkpoint.origin }) {
                    tally.expect(note.verify(with: keys), "\(file.path): signature")
                    tally.expect(Self.hasItsEntries(reader), "\(file.path): entries")
                }
            }
        }
        tally.finish()
    }

    /// Whether a folder holds tiles; the corpus has stand-ins, too, whose tiles say that they are fake.
    private static func isTree(_ folder: URL) -> Bool {
        let tiles = folder.appending(path: "tile/0")
        guard let first = files(below: tiles).first(where: { !$0.hasDirectoryPath && (try? Data(contentsOf: $0)) != nil }),
            let bytes = try? Data(contentsOf: first)
        else { return false }
        return !bytes.starts(with: Data("fake".utf8))
    }

    private static func hasItsEntries(_ reader: TileReader) -> Bool {
        guard reader.size > 0 else { return true }
        for bundle in 0...((reader.size - 1) / 256) {
            guard let entries = try? reader.entries(bundle: bundle) else { return false }
            for (offset, entry) in entries.enumerated() {
                guard (try? reader.hash(level: 0, index: bundle * 256 + UInt64(offset))) == .leaf(entry) else {
                    return false
                }
            }
        }
        return true
    }

    @Test func `leaves of certificate logs have the hashes of their tiles`() throws {
        guard let folder = Self.folder else { return }
        var tally = SuiteReport(name: "tlog/static-ct")
        for file in Self.files(below: folder)
        where file.path.contains("/tile/data/") && file.pathExtension != "p" && !file.path.contains("/tree/") {
            guard let data = try? Data(contentsOf: file) else { continue }
            let tile = try Data(
                contentsOf: URL(filePath: file.path.replacingOccurrences(of: "/tile/data/", with: "/tile/0/"))
            )
            var hashes = Array(tile)[...]
            var reader = CertificateEntries(bytes: Array(data)[...])
            while let leaf = reader.next() {
                tally.expect(MerkleHash.leaf(leaf) == MerkleHash(hashes.prefix(32)), "\(file.path): a leaf")
                hashes = hashes.dropFirst(32)
            }
            tally.expect(hashes.isEmpty && reader.bytes.isEmpty, "\(file.path): ends with its tile")
        }
        tally.finish()
    }

    /// The leaves in a data tile of a certificate log (C2SP static-ct-api).
    private struct CertificateEntries {
        var bytes: ArraySlice<UInt8>

        mutating func next() -> [UInt8]? {
            let start = bytes
            guard let kind = skip(8).flatMap({ number(2) }) else { return nil }
            if kind == 1 { _ = skip(32) }
            guard let certificate = number(3), skip(certificate) != nil, let extensions = number(2),
                skip(extensions) != nil
            else { return nil }
            let leaf = [0, 0] + start[..<bytes.startIndex]
            if kind == 1, let original = number(3) { _ = skip(original) }
            guard let chain = number(2), skip(chain) != nil else { return nil }
            return leaf
        }

        private mutating func skip(_ count: Int) -> Void? {
            guard bytes.count >= count else { return nil }
            bytes = bytes.dropFirst(count)
            return ()
        }

        private mutating func number(_ count: Int) -> Int? {
            guard bytes.count >= count else { return nil }
            defer { bytes = bytes.dropFirst(count) }
            return bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
        }
    }
}

extension SuiteReport {
    fileprivate mutating func expect(_ holds: Bool, _ name: @autoclosure () -> String) {
        if holds { passed() } else { failed(name()) }
    }
}
