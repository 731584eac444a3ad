import ZeroTrust

extension DecisionRecord {
    /// When a request of a number was made, in nanoseconds.
    static func time(_ number: Int) -> Int64 { 1_795_392_000_000_000_000 + Int64(number) * 60_000_000_000 }

    /// A request as a gateway has decided on it, a minute after the one of the number before.
    static func made(
        _ number: Int,
        caller: String? = "spiffe://cluster.local/ns/ml-api/sa/api-gateway",
        path: String = "/v1/predict",
        model: String? = nil,
        outcome: Outcome = .allow,
        guardrail: Guardrail? = nil
    ) throws -> DecisionRecord {
        var record = DecisionRecord(
            id: RequestID(milliseconds: UInt64(1_000 + number), random: 2),
            time: Timestamp(nanoseconds: time(number)),
            node: "node",
            caller: try caller.map {
                .init(spiffeID: try SPIFFEID($0), serialNumber: "1", fingerprint: "ab")
            },
            source: .init(address: IPAddress(v4: 0x0a00_0001), port: 2_000),
            tls: nil,
            request: .init(
                method: "POST",
                path: path,
                authority: "inference.example",
                destination: .init(address: IPAddress(v4: 0x7f00_0001), port: 8443)
            ),
            outcome: outcome,
            reason: "allowed_by_rule",
            policy: nil,
            snapshot: "00",
            compatibility: "strict",
            latency: 1,
            route: "predict"
        )
        record.model = model
        record.guardrail = guardrail
        return record
    }
}
