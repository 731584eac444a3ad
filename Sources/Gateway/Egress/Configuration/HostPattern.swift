/// A host of a ``ServiceEntry``: one name, or every name below one.
public enum HostPattern: Hashable, Sendable {
    /// This name.
    case exact(DestinationName)
    /// `*.suffix`: the names below it, but not itself.
    case below(DestinationName)

    /// Whether a name is meant.
    public func matches(_ name: DestinationName) -> Bool {
        switch self {
        case .exact(let host): host == name
        case .below(let suffix): name.text.hasSuffix("." + suffix.text)
        }
    }
}

extension HostPattern: CustomStringConvertible {
    /// The pattern as it is written.
    public var description: String {
        switch self {
        case .exact(let name): name.text
        case .below(let suffix): "*." + suffix.text
        }
    }
}
