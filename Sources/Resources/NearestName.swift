/// Finds the known name that a mistyped one was probably meant to be.
enum NearestName {
    /// The closest candidate by edit distance, ignoring case, or nil where none is near.
    static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        let length = name.utf8.count
        guard (1...64).contains(length) else { return nil }
        let limit = max(1, length / 3)
        let typed = Array(name.lowercased().utf8)
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = editDistance(typed, Array(candidate.lowercased().utf8))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// The least number of insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard abs(a.count - b.count) <= 32, !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [Int](repeating: i, count: b.count + 1)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}

/// Words the hint that an unknown name gets: the nearest known one, or the list where none is near, up to its fortieth.
public func suggestion(for name: String, among candidates: some Sequence<String>) -> String {
    if let nearest = NearestName.of(name, among: candidates) { return "did you mean `\(nearest)`?" }
    let known = candidates.sorted()
    guard !known.isEmpty else { return "there is none here" }
    let listed = 40
    return "expected one of " + known.prefix(listed).map { "`\($0)`" }.joined(separator: ", ")
        + (known.count > listed ? " and \(known.count - listed) more" : "")
}

/// The known name that an unknown one was probably meant to be, or nil where none is near.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    NearestName.of(name, among: candidates)
}
