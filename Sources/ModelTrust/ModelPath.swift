/// The path of a file within a model, byte for byte: `tokenizer/tokenizer.json` (OMS 1.0 §6.1.2).
///
/// Two spellings of one Unicode text are two paths, since the file system has both.
public struct ModelPath: Hashable, Sendable {
    /// The path's UTF-8.
    public let bytes: [UInt8]

    /// The longest path, in bytes.
    static let maximumLength = 4096
    /// The most components of a path.
    static let maximumDepth = 128

    /// The path that a single-file model's file has in bundles of model_signing.
    static let itself = ModelPath(unchecked: [UInt8(ascii: ".")])

    init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// A canonical path.
    ///
    /// - Throws: ``ModelRefusal`` where the text has a form that names the same file in a second way or leaves the model.
    init(_ text: String) throws(ModelRefusal) {
        let bytes = Array(text.utf8)
        func refuse(_ why: String) -> ModelRefusal {
            ModelRefusal(.malformedManifest, "the path `\(text.prefix(200))` \(why)")
        }
        guard !bytes.isEmpty else { throw ModelRefusal(.malformedManifest, "a path is empty") }
        guard bytes.count <= Self.maximumLength else { throw refuse("is longer than \(Self.maximumLength) bytes") }
        guard !bytes.contains(0) else { throw refuse("holds a NUL") }
        guard bytes[0] != UInt8(ascii: "/") else { throw refuse("is absolute") }
        let components = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard components.count <= Self.maximumDepth else { throw refuse("is deeper than \(Self.maximumDepth)") }
        for component in components {
            guard !component.isEmpty else { throw refuse("has an empty component") }
            guard !component.elementsEqual(".".utf8) else { throw refuse("has the component `.`") }
            guard !component.elementsEqual("..".utf8) else { throw refuse("has the component `..`") }
        }
        self.bytes = bytes
    }

    /// The path of something within the folder that this is.
    func child(_ name: [UInt8]) -> ModelPath { ModelPath(unchecked: bytes + [UInt8(ascii: "/")] + name) }

    var components: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }

    /// Whether this is the other path or lies below it.
    func isWithin(_ other: ModelPath) -> Bool {
        bytes.starts(with: other.bytes)
            && (bytes.count == other.bytes.count || bytes[other.bytes.count] == UInt8(ascii: "/"))
    }

    /// The path as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension ModelPath: Comparable {
    /// By Unicode code points, which is the order of the UTF-8 (OMS 1.0 §5.2.1).
    public static func < (left: ModelPath, right: ModelPath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// By one component after another, as model_signing orders.
    static func precedesByComponents(_ left: ModelPath, _ right: ModelPath) -> Bool {
        left.components.lexicographicallyPrecedes(right.components) { $0.lexicographicallyPrecedes($1) }
    }
}

extension ModelPath: CustomStringConvertible {
    /// The path as text.
    public var description: String { text }
}
