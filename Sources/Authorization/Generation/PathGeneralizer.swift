/// Finds the paths of which many differ in one segment alone, and writes them as templates.
///
/// A segment becomes `{*}` only where at least so many different values were seen in its place with all else equal.
/// Segments that look like identifiers (numbers, UUIDs, long hexadecimal) may vary together, so that
/// `/users/17/orders/4` and `/users/9/orders/301` are seen as one form.
struct PathGeneralizer {
    /// How many different values it takes.
    let minimumDistinct: Int

    /// One path; nil stands for `{*}`.
    private typealias Form = [Substring?]

    /// The value of a policy for each path that can be named: itself, or a template.
    func values(for paths: Set<String>) -> [String: String] {
        var forms: [String: Form] = [:]
        for path in paths {
            forms[path] = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { $0 }
        }
        let flexible = forms.filter { Self.canVary($0.key, $0.value) }
        var changed = flexible
        generalizeIdentifiers(&changed)
        var round = 0
        while generalizeOneSegment(&changed), round < 16 { round += 1 }
        var values: [String: String] = [:]
        for path in paths { values[path] = path }
        for (path, form) in changed where form.contains(where: { $0 == nil }) {
            values[path] = form.map { "/" + ($0 ?? "{*}") }.joined()
        }
        return values
    }

    /// Whether a template can stand for a path: it has no empty segment but the last, and no byte that templates refuse.
    private static func canVary(_ path: String, _ form: Form) -> Bool {
        guard path.utf8.first == UInt8(ascii: "/") else { return false }
        return form.enumerated().allSatisfy { index, segment in
            let bytes = segment?.utf8 ?? ""[...].utf8
            return (!bytes.isEmpty || index == form.count - 1) && bytes.allSatisfy(PathTemplate.isLiteralByte)
        }
    }

    /// Lets the identifiers of paths vary that are alike in all else.
    private func generalizeIdentifiers(_ forms: inout [String: Form]) {
        var groups: [Form: [String]] = [:]
        for (path, form) in forms {
            groups[form.map { $0.flatMap { Self.isIdentifier($0) ? nil : $0 } }, default: []].append(path)
        }
        for (mask, paths) in groups where paths.count >= minimumDistinct {
            for position in mask.indices where mask[position] == nil {
                let values = Set(paths.compactMap { forms[$0]?[position] })
                guard values.count >= minimumDistinct else { continue }
                for path in paths { forms[path]?[position] = nil }
            }
        }
    }

    /// Lets one segment vary wherever that suffices; returns whether anything changed.
    private func generalizeOneSegment(_ forms: inout [String: Form]) -> Bool {
        let longest = forms.values.map(\.count).max() ?? 0
        for position in (0..<longest).reversed() {
            var groups: [Form: [String]] = [:]
            for (path, form) in forms where position < form.count && form[position]?.isEmpty == false {
                var rest = form
                rest[position] = nil
                groups[rest, default: []].append(path)
            }
            var isChanged = false
            for paths in groups.values {
                let values = Set(paths.compactMap { forms[$0]?[position] })
                guard values.count >= minimumDistinct else { continue }
                for path in paths { forms[path]?[position] = nil }
                isChanged = true
            }
            if isChanged { return true }
        }
        return false
    }

    /// Whether a segment looks like something that a machine counted or drew.
    private static func isIdentifier(_ segment: Substring) -> Bool {
        let bytes = segment.utf8
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        guard bytes.contains(where: isDigit) else { return false }
        if bytes.allSatisfy(isDigit) { return true }
        let isHexadecimal = bytes.allSatisfy {
            isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20) || $0 == UInt8(ascii: "-")
        }
        return isHexadecimal && bytes.count >= 8
    }
}
