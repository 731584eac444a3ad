import Resources

/// Reads invariants.
enum InvariantDecoder {
    static func invariant(_ value: Value) throws -> Estate.Invariant {
        var fields = try FieldReader(value, of: "an invariant")
        let id = try fields.required("id") { value in
            let id = try value.string()
            guard (1...63).contains(id.utf8.count) else { throw value.error("an `id` has 1 to 63 bytes") }
            return id
        }
        _ = try fields.optional("description") { try $0.string() }
        // `except` may stand beside `never` or inside it.
        let inner = try fields.required("never") { try never($0) }
        let outer = try fields.optional("except") { try exemptions($0) }
        try fields.finish()
        return Estate.Invariant(
            id: id,
            never: inner.event,
            exceptions: inner.exceptions + (outer ?? []),
            location: value.location
        )
    }

    private static func never(_ value: Value) throws -> (event: Estate.Event, exceptions: [Estate.Exemption]) {
        var fields = try FieldReader(value, of: "`never`")
        let who = try fields.optional("component") { try components($0) }
        let read = try fields.optional("read") { try datasets($0, isWrite: false) }
        let write = try fields.optional("write") { try datasets($0, isWrite: true) }
        let call = try fields.optional("call") { try self.call($0) }
        let reach = try fields.optional("reach") { try $0.oneOf(["internet"]) }
        let flow = try fields.optional("flow") { try self.flow($0) }
        let exceptions = try fields.optional("except") { try exemptions($0) }
        try fields.finish()
        guard [read != nil, write != nil, call != nil, reach != nil, flow != nil].count(where: \.self) == 1 else {
            throw value.error("`never` says one of `read`, `write`, `call`, `reach` and `flow`")
        }
        if let flow {
            guard who == nil else { throw value.error("a `flow` names its component in `to`") }
            return (.flow(from: flow.from, to: flow.to), exceptions ?? [])
        }
        guard let who else { throw value.error("`never` needs `component`: a name, a list of names, or \"*\"") }
        let event: Estate.Event
        if let read {
            guard let read else { throw value.error("`datasetNotProducedBySelf` is for `write`") }
            event = .read(who, read)
        } else if let write {
            event = write.map { .write(who, $0) } ?? .writeNotProducedBySelf(who)
        } else if let call {
            event = call.isNegated ? .callOther(who, than: call.names) : .call(who, call.names)
        } else {
            event = .reachInternet(who)
        }
        return (event, exceptions ?? [])
    }

    private static func components(_ value: Value) throws -> Estate.Components {
        if case .list = value.content { return .named(try nonEmpty(value)) }
        let name = try value.string()
        return name == "*" ? .all : .named([name])
    }

    /// Datasets by name or classification; nil for those that the component does not produce.
    private static func datasets(_ value: Value, isWrite: Bool) throws -> Estate.Datasets? {
        var fields = try FieldReader(value, of: isWrite ? "`write`" : "`read`")
        let named = try fields.optional("dataset") { value in
            if case .list = value.content { return Estate.Datasets.named(try nonEmpty(value)) }
            let name = try value.string()
            return name == "*" ? .all : .named([name])
        }
        let classified = try fields.optional("classification") { Estate.Datasets.classified(try $0.string()) }
        let notOwn = isWrite ? try fields.optional("datasetNotProducedBySelf") { try $0.bool() } : nil
        try fields.finish()
        switch (named, classified, notOwn) {
        case (let datasets?, nil, nil), (nil, let datasets?, nil): return datasets
        case (nil, nil, true?): return nil
        default:
            throw value.error(
                isWrite
                    ? "`write` says one of `dataset`, `classification` and `datasetNotProducedBySelf: true`"
                    : "`read` says either `dataset` or `classification`"
            )
        }
    }

    private static func call(_ value: Value) throws -> (isNegated: Bool, names: [Estate.APIName]) {
        var fields = try FieldReader(value, of: "`call`")
        let others = try fields.optional("not") { try $0.list(apiName) }
        let names = try fields.optional("api") { value in
            if case .list = value.content { return try value.list(apiName) }
            return [try apiName(value)]
        }
        try fields.finish()
        switch (others, names) {
        case (let names?, nil): return (true, names)
        case (nil, let names?): return (false, names)
        default: throw value.error("`call` says either `not: [COMPONENT.API]` or `api: COMPONENT.API`")
        }
    }

    private static func apiName(_ value: Value) throws -> Estate.APIName {
        let text = try value.string()
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw value.error("expected `COMPONENT.API` or `COMPONENT`, found `\(text.prefix(130))`")
        }
        return Estate.APIName(component: parts[0], api: parts.count == 2 ? parts[1] : nil)
    }

    private static func flow(_ value: Value) throws -> (from: Estate.Datasets, to: Estate.Components) {
        var fields = try FieldReader(value, of: "`flow`")
        let from = try fields.required("from") { value in
            guard let datasets = try datasets(value, isWrite: false) else { throw value.error("expected datasets") }
            return datasets
        }
        let to = try fields.required("to") { value in
            var fields = try FieldReader(value, of: "`to`")
            let components = try fields.required("component") { try self.components($0) }
            try fields.finish()
            return components
        }
        _ = try fields.optional("through") { try $0.oneOf(["undeclared-derivation"]) }
        try fields.finish()
        return (from, to)
    }

    private static func exemptions(_ value: Value) throws -> [Estate.Exemption] {
        var fields = try FieldReader(value, of: "`except`")
        let read = try fields.optional("read") { value in
            if case .list = value.content { return try nonEmpty(value) }
            return [try value.string()]
        }
        let call = try fields.optional("call") { value in
            if case .list = value.content { return try value.list(apiName) }
            return [try apiName(value)]
        }
        try fields.finish()
        return (read ?? []).map { .read($0) } + (call ?? []).map { .call($0) }
    }

    private static func nonEmpty(_ value: Value) throws -> [String] {
        let names = try value.list { try $0.string() }
        guard !names.isEmpty else { throw value.error("expected at least one name") }
        return names
    }
}
