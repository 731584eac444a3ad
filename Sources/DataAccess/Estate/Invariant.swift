public import Resources

extension Estate {
    /// A sentence that must hold in every enforcement: something that never happens.
    public struct Invariant: Hashable, Sendable {
        /// The name, unique in the estate: `I1`.
        public let id: String
        /// What never happens.
        public let never: Event
        /// What may happen all the same.
        public let exceptions: [Exemption]
        /// Where it is written.
        public let location: SourceLocation
    }

    /// Something that an invariant forbids.
    public enum Event: Hashable, Sendable {
        /// A component reads data.
        case read(Components, Datasets)
        /// A component writes data.
        case write(Components, Datasets)
        /// A component writes data that another produces.
        case writeNotProducedBySelf(Components)
        /// A component calls an API other than these.
        case callOther(Components, than: [APIName])
        /// A component calls one of these APIs.
        case call(Components, [APIName])
        /// A component reaches the internet.
        case reachInternet(Components)
        /// Data gets to a component by a way on which no derivation was declared.
        case flow(from: Datasets, to: Components)
    }

    /// Some components.
    public enum Components: Hashable, Sendable {
        /// All of them.
        case all
        /// Those named.
        case named([String])
    }

    /// Some datasets.
    public enum Datasets: Hashable, Sendable {
        /// All of them.
        case all
        /// Those named.
        case named([String])
        /// Those of a classification, or of a more closed one.
        case classified(String)
    }

    /// The name of an API: `model-registry.read`.
    public struct APIName: Hashable, Sendable, CustomStringConvertible {
        /// The component that offers it.
        public let component: String
        /// The API; nil for every one of the component.
        public let api: String?

        /// `COMPONENT.API`, or `COMPONENT`.
        public var description: String { api.map { "\(component).\($0)" } ?? component }
    }

    /// What an invariant lets happen all the same.
    public enum Exemption: Hashable, Sendable {
        /// Reading a dataset.
        case read(String)
        /// Calling an API.
        case call(APIName)
    }
}
