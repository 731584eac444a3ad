import Gateway

/// What a reload does to one part of a gateway.
struct GatewayChange: Encodable {
    let gateway: String
    /// `listener`, `upstream`, `route`, `provider`, `limits`, `tokenKeys`, `admin`, `egress`, `compatibility`,
    /// `pathNormalization`, `gateway`.
    let part: String
    /// The part's name; nil where there is only one.
    let name: String?
    let change: ResourceChange.Kind
    /// What happens to the traffic.
    let effect: String

    /// Everything that differs between the gateways of two configurations.
    static func all(from old: [GatewayConfiguration], to new: [GatewayConfiguration]) -> [GatewayChange] {
        var changes: [GatewayChange] = []
        for gateway in new {
            guard let before = old.first(where: { $0.name == gateway.name }) else {
                changes.append(
                    .init(gateway.name, "gateway", nil, .added, "its listeners are bound once its identity is there")
                )
                continue
            }
            changes += Self.changes(from: before, to: gateway)
        }
        for gateway in old where !new.contains(where: { $0.name == gateway.name }) {
            changes.append(.init(gateway.name, "gateway", nil, .removed, "it accepts nobody any more and drains"))
        }
        return changes
    }

    private init(_ gateway: String, _ part: String, _ name: String?, _ change: ResourceChange.Kind, _ effect: String) {
        self.gateway = gateway
        self.part = part
        self.name = name
        self.change = change
        self.effect = effect
    }

    private static func changes(
        from old: GatewayConfiguration,
        to new: GatewayConfiguration
    ) -> [GatewayChange] {
        let name = new.name
        var changes = parts(name, "listener", old.listeners, new.listeners, \.name) { before, after in
            switch (before, after) {
            case (nil, _): "it is bound before anything else happens, and refuses the reload where it cannot be"
            case (_, nil): "it accepts nobody any more; its connections end after their requests"
            case (let before?, let after?):
                before.address == after.address && before.port == after.port
                    ? "its socket stays; new connections are served as it says now"
                    : "it is bound anew; the connections of the old place end after their requests"
            }
        }
        changes += parts(name, "upstream", old.upstreams, new.upstreams, \.name) { before, after in
            switch (before, after) {
            case (nil, _): "connections are made as they are needed"
            case (_, nil): "idle connections are closed, those in use after their requests"
            default: "new connections are made; of the old ones the idle are closed, those in use after their requests"
            }
        }
        changes += parts(name, "route", old.routes, new.routes, \.name) { _, _ in "for requests that begin from then on"
        }
        changes += parts(name, "provider", old.providers, new.providers, \.name) { _, _ in
            "for requests that begin from then on"
        }
        let sections: [(String, Bool, String)] = [
            ("tokenKeys", old.tokenKeys != new.tokenKeys, "the keys of issuers are fetched at once on the new terms"),
            ("limits", old.limits != new.limits, "for new connections"),
            ("admin", old.admin != new.admin, "it is bound anew"),
            ("egress", old.egress != new.egress, "new listeners are bound first; limits are for new connections"),
            ("compatibility", old.compatibility != new.compatibility, "for requests that begin from then on"),
            (
                "pathNormalization", old.pathNormalization != new.pathNormalization,
                "for requests that begin from then on"
            ),
            ("workload", old.workload != new.workload, "for requests that begin from then on"),
        ]
        return changes + sections.filter(\.1).map { .init(name, $0.0, nil, .changed, $0.2) }
    }

    private static func parts<Part: Hashable>(
        _ gateway: String,
        _ what: String,
        _ old: [Part],
        _ new: [Part],
        _ name: (Part) -> String,
        _ effect: (Part?, Part?) -> String
    ) -> [GatewayChange] {
        let before = Dictionary(old.map { (name($0), $0) }, uniquingKeysWith: { $1 })
        let after = Dictionary(new.map { (name($0), $0) }, uniquingKeysWith: { $1 })
        return Set(before.keys).union(after.keys).sorted().compactMap { key in
            guard before[key] != after[key] else { return nil }
            let change: ResourceChange.Kind =
                before[key] == nil ? .added : after[key] == nil ? .removed : .changed
            return .init(gateway, what, key, change, effect(before[key], after[key]))
        }
    }
}
