/// What a field of a Protocol Buffers message holds, by its schema.
enum ProtobufField: Hashable, Sendable {
    case varint
    case fixed32
    case fixed64
    /// Numbers, one by one or packed.
    case varints, fixed32s, fixed64s
    /// UTF-8.
    case string
    case bytes
    case message(String)
    /// A message, or whatever, that is not looked into and whose presence is not proven.
    case unread
}

/// The fields of messages by name and number.
typealias ProtobufSchema = [String: [UInt64: ProtobufField]]

/// A field as it stands in a message.
struct ProtobufRecord: Hashable, Sendable {
    let number: UInt64
    /// Its number, where it holds one.
    let value: UInt64
    /// Its bytes, where it holds some.
    let bytes: Range<UInt64>
    /// Where it begins.
    let offset: UInt64
}
