import Resources

/// Checks that the names of an estate exist and that what it says can be meant.
struct EstateCheck {
    let estate: Estate
    private let componentNames: [String]
    private let datasetNames: [String]
    private let componentsByName: [String: Estate.Component]
    private let datasetsByName: [String: Estate.Dataset]

    private let places: EstatePlaces
    private let withoutRole: [Estate.Component]
    private let componentsByPurpose: [String: [Estate.Component]]

    init(estate: Estate, spec: Value?) {
        self.estate = estate
        self.places = EstatePlaces(spec: spec)
        self.withoutRole = estate.components.filter { $0.identity.aws == nil }
        self.componentsByPurpose = Dictionary(grouping: estate.components, by: \.purpose)
        self.componentNames = estate.components.map(\.name)
        self.datasetNames = estate.datasets.map(\.name)
        self.componentsByName = Dictionary(estate.components.map { ($0.name, $0) }) { first, _ in first }
        self.datasetsByName = Dictionary(estate.datasets.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Everything that is wrong, and what is doubtful.
    func findings() -> [Diagnostic] {
        estate.components.flatMap(findings) + sharedIdentities() + sharedRoleNames() + estate.datasets.flatMap(findings)
            + StoreOverlap(estate: estate).findings() + estate.models.flatMap(findings) + callFindings()
            + estate.invariants.flatMap(findings) + sharedInvariantNames()
    }

    // MARK: - Names

    private func unknown(
        _ what: String,
        _ name: String,
        among known: [String],
        at location: SourceLocation
    ) -> Diagnostic {
        Diagnostic(
            at: location,
            "unknown \(what) `\(name)`; \(suggestion(for: name, among: known))",
            correction: nearestName(to: name, among: known).map { .init(of: name, to: $0) }
        )
    }

    private func checkComponent(_ name: String, at location: SourceLocation) -> [Diagnostic] {
        componentsByName[name] == nil ? [unknown("component", name, among: componentNames, at: location)] : []
    }

    private func checkDataset(_ name: String, at location: SourceLocation) -> [Diagnostic] {
        datasetsByName[name] == nil ? [unknown("dataset", name, among: datasetNames, at: location)] : []
    }

    private func checkPurpose(_ name: String, at location: SourceLocation) -> [Diagnostic] {
        estate.purposes.contains(name)
            ? [] : [unknown("purpose", name, among: estate.purposes.names, at: location)]
    }

    private func checkClassification(_ name: String, at location: SourceLocation) -> [Diagnostic] {
        estate.classifications.contains(name)
            ? [] : [unknown("classification", name, among: estate.classifications, at: location)]
    }

    // MARK: - Components

    private func findings(_ component: Estate.Component) -> [Diagnostic] {
        func place(_ name: String, _ field: String) -> SourceLocation {
            places.place(of: name, under: ["components", component.name, field]) ?? component.location
        }
        var findings = checkPurpose(component.purpose, at: place(component.purpose, "purpose"))
        if let maximum = component.maxClassification {
            findings += checkClassification(maximum, at: place(maximum, "maxClassification"))
        }
        if component.identity.aws != nil, component.identity.aws?.account == nil, estate.enforcement.aws == nil {
            findings.append(
                Diagnostic(
                    at: component.location,
                    "the role of `\(component.name)` is in no account; write `account` beside it, or `aws` in `enforcement`"
                )
            )
        }
        return findings
    }

    /// Two components that a platform cannot tell apart have each other's access.
    private func sharedIdentities() -> [Diagnostic] {
        var owners: [String: String] = [:]
        return estate.components.flatMap { component in
            let identity = component.identity
            var keys = ["the SPIFFE ID `\(identity.spiffeID)`"]
            if let account = identity.kubernetes {
                keys.append("the service account `\(account.namespace)/\(account.name)`")
            }
            if let role = identity.aws {
                let account = role.account ?? estate.enforcement.aws?.account ?? ""
                keys.append("the role `\(role.name)` of the account \(account)")
            }
            return keys.compactMap { key -> Diagnostic? in
                guard let owner = owners.updateValue(component.name, forKey: key) else { return nil }
                return Diagnostic(
                    at: component.location,
                    "`\(component.name)` and `\(owner)` share \(key): nothing could tell them apart"
                )
            }
        }
    }

    /// What is generated and exported for a role lies under its name, which IAM does not tell apart by upper and lower
    /// case: two of one name would be taken for one.
    private func sharedRoleNames() -> [Diagnostic] {
        var owners: [String: Estate.Component] = [:]
        return estate.components.compactMap { component in
            guard let role = component.identity.aws,
                let owner = owners.updateValue(component, forKey: role.name.lowercased()),
                owner.identity.aws != role
            else { return nil }
            return Diagnostic(
                at: component.location,
                "the roles of `\(component.name)` and `\(owner.name)` are both called `\(role.name)`; give one of them "
                    + "another name, whatever accounts they are in"
            )
        }
    }

    // MARK: - Datasets

    private func findings(_ dataset: Estate.Dataset) -> [Diagnostic] {
        func place(_ name: String, _ field: String) -> SourceLocation {
            places.place(of: name, under: ["datasets", dataset.name, field]) ?? dataset.location
        }
        var findings = checkComponent(dataset.producer, at: place(dataset.producer, "producer"))
        findings += checkClassification(dataset.classification, at: place(dataset.classification, "classification"))
        findings += dataset.purposes.flatMap { checkPurpose($0, at: place($0, "purposes")) }
        findings += dataset.derivable.flatMap { checkPurpose($0, at: place($0, "derivable")) }
        for case .postgres(let table) in dataset.stores {
            findings += table.columnsByPurpose.keys.sorted().flatMap { checkPurpose($0, at: place($0, "stores")) }
            if !estate.enforcement.postgres.isEmpty, estate.enforcement.postgres[table.database] == nil {
                let known = estate.enforcement.postgres.keys.sorted()
                let place = place(table.database, "stores")
                findings.append(unknown("database", table.database, among: known, at: place))
            }
        }
        guard findings.isEmpty else { return findings }
        if let producer = componentsByName[dataset.producer], producer.maxClassification != nil,
            !estate.isCleared(producer, for: dataset)
        {
            findings.append(
                Diagnostic(
                    at: place(producer.name, "producer"),
                    "`\(producer.name)` produces `\(dataset.name)`, which is \(dataset.classification), and may hold "
                        + "only up to \(producer.maxClassification ?? "nothing"); raise its `maxClassification`, or lower "
                        + "the dataset's classification"
                )
            )
        }
        return findings + unusedPurposes(dataset) + rolesMissing(dataset)
    }

    /// Who reads or writes objects in S3 needs a role to do it with.
    private func rolesMissing(_ dataset: Estate.Dataset) -> [Diagnostic] {
        guard dataset.stores.contains(where: { if case .s3 = $0 { true } else { false } }) else { return [] }
        // In MinIO it needs none.
        guard estate.enforcement.minio == nil || estate.enforcement.aws != nil else { return [] }
        return withoutRole.compactMap { component in
            let verb =
                dataset.producer == component.name
                ? "writes"
                : estate.isReadable(dataset, by: component) || estate.isDerivable(dataset, by: component)
                    ? "reads" : nil
            guard let verb else { return nil }
            return Diagnostic(
                .warning,
                at: component.location,
                "`\(component.name)` \(verb) `\(dataset.name)` in S3 and has no AWS role in its identity; it cannot"
            )
        }
    }

    /// A purpose for which nobody may read the dataset is probably a mistake.
    private func unusedPurposes(_ dataset: Estate.Dataset) -> [Diagnostic] {
        (dataset.purposes + dataset.derivable).compactMap { purpose in
            let meant = estate.purposes.closure(of: [purpose]).sorted().flatMap { componentsByPurpose[$0] ?? [] }
            guard !meant.isEmpty, !meant.contains(where: { estate.isCleared($0, for: dataset) }) else { return nil }
            let names = meant.map { "`\($0.name)`" }.joined(separator: ", ")
            return Diagnostic(
                .warning,
                at: dataset.location,
                "`\(dataset.name)` is open for `\(purpose)`, and nobody of that purpose (\(names)) may read what is "
                    + "\(dataset.classification); they are denied"
            )
        }
    }

    // MARK: - Models

    private func findings(_ model: Estate.Model) -> [Diagnostic] {
        func place(_ name: String, _ field: String) -> SourceLocation {
            places.place(of: name, under: ["models", model.name, field]) ?? model.location
        }
        var findings = checkDataset(model.dataset, at: place(model.dataset, "dataset"))
        findings += model.trainedOn.flatMap { checkDataset($0, at: place($0, "trainedOn")) }
        findings += model.servedBy.flatMap { checkComponent($0, at: place($0, "servedBy")) }
        guard findings.isEmpty, let dataset = datasetsByName[model.dataset],
            let producer = componentsByName[dataset.producer]
        else { return findings }
        for source in model.trainedOn.compactMap({ datasetsByName[$0] }) {
            let place = place(source.name, "trainedOn")
            findings += denial(of: source, to: producer, "trains the model `\(model.name)` on", at: place)
        }
        for server in model.servedBy.compactMap({ componentsByName[$0] }) {
            let place = place(server.name, "servedBy")
            findings += denial(of: dataset, to: server, "serves the model `\(model.name)` of", at: place)
        }
        return findings
    }

    private func denial(
        of dataset: Estate.Dataset,
        to component: Estate.Component,
        _ verb: String,
        at place: SourceLocation
    ) -> [Diagnostic] {
        guard !estate.isReadable(dataset, by: component), !estate.isDerivable(dataset, by: component) else { return [] }
        let reason =
            estate.isCleared(component, for: dataset)
            ? "which is not open for its purpose `\(component.purpose)`"
            : "which is \(dataset.classification), above its `maxClassification` "
                + (component.maxClassification.map { "of \($0)" } ?? "(it has none, and reads no data)")
        return [Diagnostic(at: place, "`\(component.name)` \(verb) `\(dataset.name)`, \(reason)")]
    }

    // MARK: - Calls

    private func callFindings() -> [Diagnostic] {
        var seen: Set<[String]> = []
        return estate.calls.flatMap { call in
            let place = { (name: String) in places.place(of: name, in: "calls", at: call.location) ?? call.location }
            var findings = checkComponent(call.caller, at: place(call.caller))
            findings += checkAPI(.init(component: call.callee, api: call.api), at: place)
            if !seen.insert([call.caller, call.callee, call.api]).inserted {
                findings.append(Diagnostic(.warning, at: call.location, "this call is written twice"))
            }
            return findings
        }
    }

    private func checkAPI(_ name: Estate.APIName, at place: (String) -> SourceLocation) -> [Diagnostic] {
        guard let component = componentsByName[name.component] else {
            return [unknown("component", name.component, among: componentNames, at: place(name.component))]
        }
        let apis = component.exposes.map(\.name)
        guard let api = name.api, !apis.contains(api) else { return [] }
        return [unknown("API of `\(component.name)`", api, among: apis, at: place(api))]
    }

    // MARK: - Invariants

    private func findings(_ invariant: Estate.Invariant) -> [Diagnostic] {
        let place = { (name: String) in
            places.place(of: name, in: "invariants", at: invariant.location) ?? invariant.location
        }
        func check(_ components: Estate.Components) -> [Diagnostic] {
            guard case .named(let names) = components else { return [] }
            return names.flatMap { checkComponent($0, at: place($0)) }
        }
        func check(_ datasets: Estate.Datasets) -> [Diagnostic] {
            switch datasets {
            case .all: []
            case .named(let names): names.flatMap { checkDataset($0, at: place($0)) }
            case .classified(let name): checkClassification(name, at: place(name))
            }
        }
        var findings: [Diagnostic] =
            switch invariant.never {
            case .read(let who, let what), .write(let who, let what): check(who) + check(what)
            case .writeNotProducedBySelf(let who), .reachInternet(let who): check(who)
            case .callOther(let who, let names), .call(let who, let names):
                check(who) + names.flatMap { checkAPI($0, at: place) }
            case .flow(let what, let who): check(what) + check(who)
            }
        for exception in invariant.exceptions {
            switch exception {
            case .read(let dataset): findings += checkDataset(dataset, at: place(dataset))
            case .call(let name): findings += checkAPI(name, at: place)
            }
        }
        return findings
    }

    private func sharedInvariantNames() -> [Diagnostic] {
        var seen: Set<String> = []
        return estate.invariants.compactMap { invariant in
            seen.insert(invariant.id).inserted
                ? nil : Diagnostic(at: invariant.location, "there is an invariant `\(invariant.id)` already")
        }
    }
}
