import Foundation
import Testing
import ZeroTrust

@testable import AuditLog

@Suite struct TrafficTallyTests {
    private func decision(
        _ number: Int,
        path: String = "/v1/predict",
        source: String = "10.0.0.1",
        headers: [Exchange.Header] = []
    ) throws -> DecisionRecord {
        DecisionRecord(
            id: RequestID(milliseconds: UInt64(number), random: 7),
            time: Timestamp(nanoseconds: Int64(number)),
            node: "node",
            caller: .init(
                spiffeID: try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway"),
                serialNumber: "\(number)",
                fingerprint: "ab"
            ),
            source: .init(address: try #require(IPAddress(source)), port: UInt16(40_000 + number)),
            tls: .init(version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", serverName: "inference.example"),
            request: .init(
                method: "POST",
                path: path,
                authority: "inference.example",
                headers: headers,
                destination: .init(address: IPAddress(v4: 0x0a00_0002), port: 8443)
            ),
            outcome: .allow,
            reason: "allowed_by_rule",
            policy: .init(namespace: "ml-inference", name: "p", rule: 0, file: "p.yaml", line: 1),
            snapshot: "00",
            compatibility: "strict",
            latency: UInt64(number),
            route: "predict"
        )
    }

    @Test func `equal requests count together, whatever else their records say`() throws {
        var tally = TrafficTally()
        for number in 0..<100 {
            tally.add(try decision(number, path: number.isMultiple(of: 4) ? "/v1/stream" : "/v1/predict").encoded())
        }
        #expect(tally.decisions == 100 && tally.total == 100 && tally.malformed == 0)
        #expect(tally.requests.map(\.count) == [25, 75])
        #expect(tally.requests[0].request.id == RequestID(milliseconds: 0, random: 7))
    }

    @Test func `a record is read as the slow reader reads it`() throws {
        let paths = [
            "/v1/\"quoted\"", "/\\u00e4", "/ä/€/😀?x=1", "/v1/predict\n\u{1}", String(repeating: "/x", count: 900),
        ]
        for (number, path) in paths.enumerated() {
            let headers = [
                Exchange.Header(name: "x-team", value: "blue \"team\""), .init(name: "x-team", value: "ü"),
                .init(name: "authorization", value: "Bearer secret"),
            ]
            let entry = try decision(number, path: path, headers: number == 0 ? headers : []).encoded()
            guard case .decision(let whole) = try AuditRecord(entry: entry) else {
                Issue.record("the record is no decision")
                continue
            }
            var tally = TrafficTally()
            tally.add(entry)
            let request = try #require(tally.requests.first?.request)
            #expect(request.id == whole.id && request.caller == whole.caller?.spiffeID)
            #expect(request.method == whole.request.method && request.path == whole.request.path)
            #expect(request.authority == whole.request.authority && request.headers == whole.request.headers)
            #expect(request.source == whole.source.address && request.destination == whole.request.destination)
            #expect(request.serverName == whole.tls?.serverName)
            #expect(request.outcome == whole.outcome && request.reason == whole.reason)
            // A credential was held back from the first, and the last was cut.
            #expect(request.isComplete == (1...3).contains(number))
        }
    }

    @Test func `other records are passed over, and what is no record is counted`() throws {
        var tally = TrafficTally()
        let refusals = AggregateRefusalRecord(
            id: RequestID(milliseconds: 1, random: 1),
            second: Timestamp(nanoseconds: 0),
            node: "n",
            source: nil,
            reason: "expired",
            count: 3
        )
        for other in [
            refusals.encoded(), Sample.refusals().encoded(), Sample.completion().encoded(), Sample.act().encoded(),
        ] {
            tally.add(other)
        }
        #expect(tally.malformed == 0 && tally.decisions == 0)
        let texts = [
            "", "{", "[]", "null", "{}", #"{"request":{"method":"GET"}}"#,
            #"{"request":{"method":"GET","path":"/"}} x"#,
            #"{"request":{"method":"GET","path":"/","destination":{"port":70000}}}"#,
            #"{"caller":{"spiffe_id":"x"},"request":{"method":"GET","path":"/"}}"#,
            #"{"request":{"method":"GET","path":"/\ud800"}}"#,
            #"{"source":{"address":"1.2.3"},"request":{"method":"GET","path":"/"}}"#,
            String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 100_000),
        ]
        for text in texts { tally.add(Array(text.utf8)) }
        #expect(tally.requests.isEmpty)
        #expect(tally.malformed == texts.count)
    }

    @Test func `a line needs a method and a path, and may be written freely`() throws {
        var tally = TrafficTally(defaultPort: 8443)
        let lines = """
            {"request": {"method": "GET", "path": "/a", "authority": "h"}}

              { "request" : { "path" : "\\u002fa" , "method" : "GET", "headers": [ {"name": "X-A", "value": "1"} ] } }
            {"caller": {"spiffe_id": "spiffe://td/x"}, "request": {"method": "PUT", "path": "/\\ud83d\\ude00"}}
            """
        tally.add(lines: Array(lines.utf8))
        #expect(tally.malformed == 0)
        #expect(tally.requests.map(\.request.path) == ["/a", "/a", "/😀"])
        #expect(tally.requests[0].request.destination.port == 8443)
        #expect(tally.requests[1].request.headers == [Exchange.Header(name: "x-a", value: "1")])
        #expect(tally.requests[2].request.caller?.description == "spiffe://td/x")
        #expect(tally.requests[2].request.outcome == nil)
    }

    @Test func `queries and sources can be left out`() throws {
        var all = TrafficTally()
        var some = TrafficTally(ignoring: [.query, .source])
        for number in 0..<50 {
            let entry = try decision(number, path: "/a?\(number)", source: "10.0.0.\(number)").encoded()
            all.add(entry)
            some.add(entry)
        }
        #expect(all.requests.count == 50)
        #expect(some.requests.map(\.count) == [50])
        #expect(some.requests.map(\.request.path) == ["/a"])
    }

    @Test func `many different requests are told apart`() throws {
        var tally = TrafficTally()
        for round in 0..<3 {
            for number in 0..<5000 {
                let line = #"{"request":{"method":"GET","path":"/\#(number)"},"id":"\#(round)"}"#
                tally.add(Array(line.utf8))
            }
        }
        #expect(tally.requests.count == 5000)
        #expect(tally.requests.allSatisfy { $0.count == 3 })
    }
}
