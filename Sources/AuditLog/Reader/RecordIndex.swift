import CLinux
import ZeroTrust

/// An aid to find records by id: for each full bundle, 32 bits of the id of each of its entries.
///
/// It is derived from the bundles and proves nothing. A bundle that it knows nothing of has zeros there, and is searched.
enum RecordIndex {
    private static let recordLength = TilePath.fullWidth * 4
    private static let mark = Array(#""id":""#.utf8)

    /// The id of the record that an entry holds; nil where it holds none.
    ///
    /// Within a JSON string a quotation mark has a backslash before it, so the mark cannot stand in one.
    static func id(in entry: ArraySlice<UInt8>) -> RequestID? {
        // Both buffers are only read within the closures.
        let found = unsafe entry.withUnsafeBytes { bytes in
            unsafe mark.withUnsafeBytes { mark in
                unsafe lapwing_find(bytes.baseAddress, bytes.count, mark.baseAddress, mark.count)
            }
        }
        guard found >= 0, entry.count >= found + mark.count + 36 else { return nil }
        let start = entry.startIndex + found + mark.count
        return RequestID(utf8: entry[start..<(start + 36)])
    }

    static func fingerprint(_ id: RequestID) -> UInt32 { UInt32(truncatingIfNeeded: id.bits) }

    /// Adds to the index as bundles become full.
    struct Writer {
        private let path: String
        private let files: any FileSystem
        private var bundle: UInt64
        private var fingerprints: [UInt32]

        init(layout: Layout, edge: TreeEdge, files: any FileSystem) {
            self.path = layout.recordIndex
            self.files = files
            self.bundle = edge.size / UInt64(TilePath.fullWidth)
            self.fingerprints = edge.openEntries.map { RecordIndex.id(in: $0).map(fingerprint) ?? 0 }
        }

        /// Takes the entries that follow.
        ///
        /// What cannot be written leaves a gap that readers search.
        mutating func append(_ runs: [EntryRun]) {
            var bytes: [UInt8] = []
            let first = bundle
            for run in runs {
                for place in 0..<run.count {
                    let id = run.gists[place]?.id ?? RecordIndex.id(in: run[place])
                    fingerprints.append(id.map(fingerprint) ?? 0)
                    guard fingerprints.count == TilePath.fullWidth else { continue }
                    for value in fingerprints {
                        for shift in [24, 16, 8, 0] as [UInt32] {
                            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
                        }
                    }
                    fingerprints.removeAll(keepingCapacity: true)
                    bundle += 1
                }
            }
            guard !bytes.isEmpty, let file = try? files.open(path, create: true) else { return }
            defer { files.close(file) }
            try? files.writeAll(bytes, to: file, at: Int(first) * recordLength, path: path)
        }
    }

    /// The bundles, of those below a count, that may hold one of some ids, in order.
    static func candidates(
        for ids: Set<RequestID>,
        bundles: UInt64,
        layout: Layout,
        files: any FileSystem
    ) throws(FileError) -> [UInt64] {
        let bytes = try files.contents(layout.recordIndex) ?? []
        let wanted = Set(ids.map(fingerprint))
        // Tells most of what is not wanted at less cost than the set.
        var ends = [Bool](repeating: false, count: 1 << 16)
        for fingerprint in wanted { ends[Int(fingerprint & 0xffff)] = true }
        var candidates: [UInt64] = []
        for bundle in 0..<bundles {
            let start = Int(bundle) * recordLength
            guard start + recordLength <= bytes.count else {
                candidates.append(bundle)
                continue
            }
            let record = bytes[start..<(start + recordLength)]
            if contains(record, wanted, ends) || !record.contains(where: { $0 != 0 }) { candidates.append(bundle) }
        }
        return candidates
    }

    /// Whether a record holds a wanted fingerprint at a multiple of four.
    private static func contains(_ record: ArraySlice<UInt8>, _ wanted: Set<UInt32>, _ ends: [Bool]) -> Bool {
        for index in stride(from: record.startIndex, to: record.endIndex, by: 4) {
            let end = UInt32(record[index + 2]) << 8 | UInt32(record[index + 3])
            guard ends[Int(end)] else { continue }
            if wanted.contains(UInt32(record[index]) << 24 | UInt32(record[index + 1]) << 16 | end) { return true }
        }
        return false
    }
}
