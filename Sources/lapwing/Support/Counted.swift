/// A number with what it counts: `1 file`, `2 files`, `0 entries`.
///
/// - Returns: the noun in the plural but for one; it takes `s`, or `ies` in the place of `y`.
func counted(_ count: some BinaryInteger, _ noun: String) -> String {
    guard count != 1 else { return "1 \(noun)" }
    return noun.hasSuffix("y") ? "\(count) \(noun.dropLast())ies" : "\(count) \(noun)s"
}
