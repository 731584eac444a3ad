import Authorization
import Resources
import ZeroTrust

/// Decisions at 10, 100 and 10,000 rules: the cost has to stay where it is.
///
/// Every rule allows another caller another path, so that the index has callers and paths to choose from. The request
/// that is allowed matches the last rule, the one that a walk through all of them would reach last; the one that is
/// refused matches none.
enum PolicyBenchmarks {
    static func all() throws -> [Benchmark] {
        try [10, 100, 10_000].flatMap { count in
            let engine = try engine(rules: count)
            let allowed = try attributes(caller: count - 1, path: "/v1/models/\(count - 1)/predict")
            let denied = try attributes(caller: count - 1, path: "/v1/models/none/predict")
            let stranger = try attributes(caller: count, path: "/v1/models/0/predict")
            return [
                benchmark("allow", count, engine, allowed, .allow),
                benchmark("deny a path", count, engine, denied, .deny),
                benchmark("deny a stranger", count, engine, stranger, .deny),
            ]
        }
    }

    private static func benchmark(
        _ name: String,
        _ rules: Int,
        _ engine: PolicyEngine,
        _ attributes: Attributes,
        _ expected: Decision.Outcome
    ) -> Benchmark {
        Benchmark("policy/\(name), \(rules) rules") { count in
            for _ in 0..<count {
                let decision = engine.evaluate(attributes)
                guard decision.outcome == expected else { throw WrongResult(name) }
                blackHole(decision)
            }
        }
    }

    private static func attributes(caller: Int, path: String) throws -> Attributes {
        Attributes(
            caller: Caller(try SPIFFEID("spiffe://cluster.local/ns/team-\(caller)/sa/client")),
            method: "POST",
            path: path,
            authority: "inference.example",
            source: IPAddress(v4: 0x7f00_0001),
            destination: Exchange.Endpoint(address: IPAddress(v4: 0x7f00_0001), port: 8443)
        )
    }

    private static func engine(rules: Int) throws -> PolicyEngine {
        var yaml = ""
        for rule in 0..<rules {
            // A policy has at most 512 rules.
            if rule.isMultiple(of: 100) {
                yaml += """
                    ---
                    apiVersion: security.istio.io/v1
                    kind: AuthorizationPolicy
                    metadata:
                      name: callers-\(rule / 100)
                      namespace: ml-inference
                    spec:
                      action: ALLOW
                      rules:

                    """
            }
            yaml += """
                  - from:
                      - source:
                          principals: ["cluster.local/ns/team-\(rule)/sa/client"]
                    to:
                      - operation:
                          methods: ["POST"]
                          paths: ["/v1/models/\(rule)/predict"]

                """
        }
        let policies = try PolicySet.load(ResourceLoader.parse(yaml: yaml, file: "benchmark.yaml"))
        return try PolicyEngine(policies: policies, workload: Workload(namespace: "ml-inference"))
    }
}
