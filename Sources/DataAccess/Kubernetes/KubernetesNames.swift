import Crypto

/// Names that Kubernetes takes, made of names that it might not: RFC 1123 labels, each of one thing only.
///
/// A name that fits stays as it is. Another is cut and gets a digest of the whole behind it, longer where that is taken.
package struct KubernetesNames: Sendable {
    /// The label by which the pods of a component are told: policies select by it, and an admission rule keeps others from
    /// carrying it.
    package static let component = "lapwing.dev/component"
    /// The label of what is written for an estate.
    static let estate = "lapwing.dev/estate"

    private let names: [String: String]

    /// Names for some things.
    ///
    /// - Parameters:
    ///   - things: what they are called.
    ///   - limit: the most bytes of a name.
    ///   - reserved: names that none of them may have.
    init(_ things: some Sequence<String>, limit: Int = 48, reserved: Set<String> = []) {
        var taken = reserved
        var names: [String: String] = [:]
        let things = Set(things).sorted()
        for thing in things where Self.isLabel(thing) && thing.utf8.count <= limit && !reserved.contains(thing) {
            names[thing] = thing
            taken.insert(thing)
        }
        for thing in things where names[thing] == nil {
            let digest = SHA256.hash(data: Array(thing.utf8)).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            for length in [8, 16, 32] {
                let name = Self.stem(thing, limit - length - 1) + digest.prefix(length)
                guard taken.insert(name).inserted else { continue }
                names[thing] = name
                break
            }
        }
        self.names = names
    }

    /// The name of a thing that it was made with.
    subscript(_ thing: String) -> String { names[thing] ?? "" }

    /// The beginning of a name, with `-` in the place of what may not stand there.
    private static func stem(_ thing: String, _ limit: Int) -> String {
        let isAllowed = { (byte: UInt8) in (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }
        var bytes = thing.lowercased().utf8.prefix(max(0, limit)).map { isAllowed($0) ? $0 : UInt8(ascii: "-") }
        while bytes.first == UInt8(ascii: "-") { bytes.removeFirst() }
        while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
        return bytes.isEmpty ? "x-" : String(decoding: bytes, as: UTF8.self) + "-"
    }

    private static func isLabel(_ text: String) -> Bool { ComponentDecoder.isLabel(text) }
}
