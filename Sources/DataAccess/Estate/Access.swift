/// One thing that a component may do: the relation that every enforcement is generated from and held against.
public struct Access: Hashable, Sendable {
    /// Who.
    public let component: String
    /// What.
    public let verb: Verb
    /// To what.
    public let resource: Resource
    /// Where that is enforced.
    public let layer: Layer
    /// On which condition.
    public let condition: Condition

    /// What is done.
    public enum Verb: String, Hashable, Sendable, CaseIterable {
        /// Reading.
        case read
        /// Adding what was not there.
        case append
        /// Adding, changing and deleting.
        case write
        /// Calling an API.
        case call
        /// Calling a host outside.
        case reach
    }

    /// What it is done to.
    public enum Resource: Hashable, Sendable {
        /// Objects of a dataset in S3.
        case objects(dataset: String, Estate.ObjectStore)
        /// A table of a dataset in PostgreSQL.
        case table(dataset: String, Estate.Table)
        /// An API of a component.
        case api(component: String, Estate.API)
        /// A host outside.
        case host(Estate.Destination)

        /// The dataset, where it is one.
        public var dataset: String? {
            switch self {
            case .objects(let dataset, _), .table(let dataset, _): dataset
            case .api, .host: nil
            }
        }
    }

    /// Where access is enforced.
    public enum Layer: String, Hashable, Sendable, CaseIterable {
        /// IAM and bucket policies.
        case s3
        /// Grants and row-level security.
        case postgres
        /// Network policies and the mesh.
        case network
    }

    /// What access depends on beside who asks.
    public struct Condition: Hashable, Sendable {
        /// The purpose that the access is for.
        public let purpose: String
        /// Whether the data may only be read to derive other data from it.
        public let isDerivation: Bool
        /// The columns; nil for all.
        public let columns: [String]?
    }
}

extension Estate {
    /// All that is allowed, in the order of components, then datasets, then stores; what is not here is denied.
    ///
    /// * A component reads a dataset whose purposes include its own or something above it, and whose classification it
    ///   is allowed; or one that is derivable for its purpose.
    /// * It writes what it produces and nothing else.
    /// * It calls what `calls` lists, and the hosts of its `egress`.
    public var accesses: [Access] {
        // Only the datasets that a purpose opens, or that a component produces, are looked at.
        var placesByPurpose: [String: [Int]] = [:]
        var placesByProducer: [String: [Int]] = [:]
        for (place, dataset) in datasets.enumerated() {
            for purpose in purposes.closure(of: dataset.purposes + dataset.derivable) {
                placesByPurpose[purpose, default: []].append(place)
            }
            placesByProducer[dataset.producer, default: []].append(place)
        }
        var result: [Access] = []
        for component in components {
            let opened = placesByPurpose[component.purpose] ?? []
            for place in Set(opened + (placesByProducer[component.name] ?? [])).sorted() {
                let dataset = datasets[place]
                let isUse = isReadable(dataset, by: component)
                let isDerivation = isDerivable(dataset, by: component)
                let isProducer = dataset.producer == component.name
                for store in dataset.stores {
                    if isUse || isDerivation {
                        result.append(read(dataset, store, by: component, isDerivation: !isUse))
                    }
                    if isProducer { result.append(write(dataset, store, by: component)) }
                }
            }
            if !calls.isEmpty || !component.egress.isEmpty { result += calls(by: component) }
        }
        return result
    }

    /// Whether a component may use a dataset, by its purpose and by the dataset's classification.
    public func isReadable(_ dataset: Dataset, by component: Component) -> Bool {
        isCleared(component, for: dataset) && purposes.allows(component.purpose, for: dataset.purposes)
    }

    /// Whether a component may read a dataset to derive others from it.
    public func isDerivable(_ dataset: Dataset, by component: Component) -> Bool {
        isCleared(component, for: dataset) && purposes.allows(component.purpose, for: dataset.derivable)
    }

    /// Whether a component may read data as closed as a dataset.
    public func isCleared(_ component: Component, for dataset: Dataset) -> Bool {
        guard let most = component.maxClassification.flatMap(rank(of:)), let rank = rank(of: dataset.classification)
        else { return false }
        return rank <= most
    }

    private func read(
        _ dataset: Dataset,
        _ store: Store,
        by component: Component,
        isDerivation: Bool
    ) -> Access {
        let (resource, layer, columns): (Access.Resource, Access.Layer, [String]?) =
            switch store {
            case .s3(let objects): (.objects(dataset: dataset.name, objects), .s3, nil)
            case .postgres(let table):
                (.table(dataset: dataset.name, table), .postgres, columns(of: table, for: component.purpose))
            }
        return Access(
            component: component.name,
            verb: .read,
            resource: resource,
            layer: layer,
            condition: .init(purpose: component.purpose, isDerivation: isDerivation, columns: columns)
        )
    }

    /// The columns that a reader of a purpose sees, or nil for all of them.
    ///
    /// Where none are written for the purpose itself, they are the fewest that are written for a purpose above it.
    func columns(of table: Table, for purpose: String) -> [String]? {
        if let own = table.columnsByPurpose[purpose] { return own }
        return table.columnsByPurpose.sorted { $0.key < $1.key }.filter { purposes.allows(purpose, for: [$0.key]) }
            .map(\.value).min { $0.count < $1.count }
    }

    private func write(_ dataset: Dataset, _ store: Store, by component: Component) -> Access {
        let (resource, layer, mode): (Access.Resource, Access.Layer, WriteMode) =
            switch store {
            case .s3(let objects): (.objects(dataset: dataset.name, objects), .s3, objects.mode)
            case .postgres(let table): (.table(dataset: dataset.name, table), .postgres, table.mode)
            }
        return Access(
            component: component.name,
            verb: mode == .append ? .append : .write,
            resource: resource,
            layer: layer,
            condition: .init(purpose: component.purpose, isDerivation: false, columns: nil)
        )
    }

    private func calls(by component: Component) -> [Access] {
        let condition = Access.Condition(purpose: component.purpose, isDerivation: false, columns: nil)
        let inside = calls.compactMap { call -> Access? in
            guard call.caller == component.name, let callee = self.component(call.callee),
                let api = callee.exposes.first(where: { $0.name == call.api })
            else { return nil }
            return Access(
                component: component.name,
                verb: .call,
                resource: .api(component: callee.name, api),
                layer: .network,
                condition: condition
            )
        }
        let outside = component.egress.map {
            Access(
                component: component.name,
                verb: .reach,
                resource: .host($0),
                layer: .network,
                condition: condition
            )
        }
        return inside + outside
    }
}
