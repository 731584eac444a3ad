/// A secret: it prints as `<redacted>` wherever it is printed, logged or interpolated.
public struct Redacted<Value> {
    /// The secret itself.
    ///
    /// Read it only where it is used.
    public let value: Value

    /// Marks a value as secret.
    public init(_ value: Value) {
        self.value = value
    }
}

extension Redacted: Sendable where Value: Sendable {}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    public var description: String { "<redacted>" }
    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }
    /// A mirror with no children, so that `dump` shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
