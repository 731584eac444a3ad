import AuditLog
import Foundation
import GRDB
import Testing
import ZeroTrust

@testable import Storage

/// A log of made records, and the index over it.
private struct SearchFixture {
    let directory: TemporaryDirectory
    let log: LogWriter
    var reader: LogReader { LogReader(directory: directory.path + "/log") }

    init() throws {
        directory = try TemporaryDirectory()
        let authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: "log.example/n")
        var options = LogWriter.Options()
        options.window = .microseconds(200)
        options.checkpointInterval = .milliseconds(20)
        log = try LogWriter(
            directory: directory.path + "/log",
            origin: "log.example/n",
            signer: authority,
            options: options
        )
    }

    func store(_ name: String = "search") throws -> SQLiteRecordSearch {
        SQLiteRecordSearch(try SQLiteDatabase(path: directory.path + "/\(name).sqlite", schema: .recordSearch))
    }

    /// Adds entries, and returns once they are durable.
    func append(_ entries: [[UInt8]]) throws {
        var last: UInt64 = 0
        for entry in entries { last = try log.append(entry) }
        while log.durable <= last { Thread.sleep(forTimeInterval: 0.001) }
    }
}

/// Makes records as a busy installation does: many callers, few paths, requests that end later or never.
private struct Traffic {
    private var generator: any RandomNumberGenerator
    private var number: UInt64 = 0
    private var time: Int64 = 1_795_300_801_000_000_000
    private var open: [RequestID] = []

    init(seed: UInt64) {
        generator = Seeded(state: seed)
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 33
        }
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

    mutating func next() throws -> [UInt8] {
        number += 1
        // The clock may step back.
        time += Int64(below(40) == 0 ? -2_000_000_000 : 1_000_000)
        let now = Timestamp(nanoseconds: time)
        let id = RequestID(milliseconds: now.milliseconds, random: UInt128(number) << 32)
        switch below(100) {
        case 0:
            return ActRecord(
                id: id,
                time: now,
                node: "n",
                actor: "uid \(below(3))",
                action: "entry.create",
                subject: "e",
                outcome: .deny
            ).encoded()
        case 1:
            return AggregateRefusalRecord(
                id: id,
                second: now,
                node: "n",
                source: IPAddress(v4: UInt32(below(9))),
                reason: "expired",
                count: 2
            ).encoded()
        case 2: return Array("no record".utf8)
        case 3..<50 where !open.isEmpty:
            let id = open.remove(at: max(0, open.count - 1 - below(20)))
            var completion = CompletionRecord(
                id: id,
                time: now,
                node: "n",
                status: [200, 200, 200, 403, 502][below(5)],
                bytesReceived: 1,
                bytesSent: 2,
                upstream: nil,
                timings: .init(total: 5),
                ending: below(9) == 0 ? .clientLeft : .complete
            )
            if below(30) == 0 { completion.guardrail = .init(name: "g", rule: "secrets") }
            if below(3) == 0 { completion.model = .init(digest: "sha256:\(below(6))", signer: "s") }
            return completion.encoded()
        default:
            open.append(id)
            let isAllowed = below(10) > 0
            let namespace = ["ml-api", "ml-eval", "ml-[odd]?"][below(3)]
            var record = DecisionRecord(
                id: id,
                time: now,
                node: "n",
                caller: below(12) == 0
                    ? nil
                    : .init(
                        spiffeID: try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/s\(below(40))"),
                        serialNumber: "1",
                        fingerprint: "2"
                    ),
                source: .init(address: IPAddress(v4: UInt32(below(500))), port: 1),
                tls: nil,
                request: .init(
                    method: below(4) == 0 ? "GET" : "POST",
                    path: "/v1/\(below(300))?q=\(number)",
                    authority: "a",
                    destination: .init(address: IPAddress(v4: 1), port: 2)
                ),
                outcome: isAllowed ? .allow : .deny,
                reason: isAllowed ? "rule" : "no_policy_allows",
                policy: isAllowed
                    ? .init(namespace: namespace, name: "p\(below(3))", rule: below(2), file: "f", line: 1) : nil,
                snapshot: "s",
                compatibility: "strict",
                latency: 1,
                route: "r"
            )
            if below(8) == 0 { record.model = "model-\(below(4))" }
            if below(50) == 0 { record.guardrail = .init(name: "g", rule: "injection") }
            return record.encoded()
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct RecordSearchTests {
    private static let now = Timestamp(nanoseconds: 1_795_300_900_000_000_000)

    private static let queries = [
        "", "decision=deny", "decision=allow", "caller=spiffe://cluster.local/ns/ml-api/sa/s7", "caller=*/sa/s1*",
        "rule=ml-api/p1", "rule=ml-api/p1:1 decision=allow", "rule=ml-[odd]?/*", "finding=injection", "finding=*",
        "path=/v1/12", "path=/v1/1*", "status=403", "status=5xx", "status=2xx ended=client_left", "kind=act",
        "kind=refusals decision=deny", "method=GET decision=deny", "source=0.0.0.4", "model=model-2 caller=*/s3",
        "model=nothing", "ended=client_left", "action=entry.*", "reason=expired reason=no_policy_allows",
        "since=2026-11-21T22:40:01.2Z until=2026-11-21T22:40:02Z", "since=2026-11-21T22:40:05Z decision=deny",
        "served=sha256:3", "served=sha256:* status=403", "served=sha256:9",
        "until=2026-11-21T22:40:00Z", "caller=uid*", "path=/v1/* caller=*s12 status=200",
    ]

    @Test func `every query finds what a look at every record finds, page by page, in either order`() throws {
        let fixture = try SearchFixture()
        var traffic = Traffic(seed: 42)
        let store = try fixture.store()
        let search = RecordSearch(reader: fixture.reader, store: store)
        var entries: [[UInt8]] = []
        // The index is brought up to date in between, so that ends come in another step than their decisions.
        for _ in 0..<6 {
            let more = try (0..<700).map { _ in try traffic.next() }
            try fixture.append(more)
            entries += more
            try search.update()
        }
        // What every record says, without an index.
        var keys: [(entry: UInt64, keys: RecordKeys)] = []
        var places: [RequestID: Int] = [:]
        for (index, entry) in entries.enumerated() {
            guard let found = RecordKeys(entry: entry[...]) else { continue }
            if found.isCompletion, let place = found.id.flatMap({ places[$0] }) {
                keys[place].keys = keys[place].keys.completed(by: found)
            } else if !found.isCompletion {
                if let id = found.id, found[.kind] == "decision" { places[id] = keys.count }
                keys.append((UInt64(index), found))
            }
        }
        var total = 0
        for text in Self.queries {
            let query = try RecordQuery(terms: text.split(separator: " ").map(String.init), now: Self.now)
            let expected = keys.filter { query.matches($0.keys) }.map(\.entry)
            total += expected.count
            #expect(try search.count(query) == UInt64(expected.count), "\(text)")
            for isAscending in [true, false] {
                var found: [UInt64] = []
                var page = SearchPage(limit: 97, isAscending: isAscending)
                while true {
                    let result = try search.find(query, page)
                    found += result.matches.map(\.entry.index)
                    guard let next = result.next else { break }
                    page.behind = next
                }
                #expect(found == (isAscending ? expected : expected.reversed()), "\(text)")
            }
        }
        #expect(total > 5_000)
        // An index made at once is the same.
        let anew = RecordSearch(reader: fixture.reader, store: try fixture.store("anew"))
        #expect(try anew.update() == UInt64(entries.count))
        for text in Self.queries {
            let query = try RecordQuery(terms: text.split(separator: " ").map(String.init), now: Self.now)
            let page = SearchPage(limit: 100_000)
            #expect(try anew.find(query, page).matches == search.find(query, page).matches, "\(text)")
        }
        fixture.log.close()
    }

    @Test func `an index of before the model that answered was a field is made again, and has it`() throws {
        let fixture = try SearchFixture()
        var traffic = Traffic(seed: 5)
        try fixture.append((0..<500).map { _ in try traffic.next() })
        // As it was left by who did not know of the field.
        do {
            let file = fixture.directory.path + "/search.sqlite"
            #expect(FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: 0o600]))
            let old = try DatabasePool(path: file)
            try RecordSearchMigrations.migrator().migrate(old, upTo: "0001 keys of records")
            try old.write { database in
                try database.execute(sql: "INSERT INTO position VALUES (1, 1, x'00')")
                try database.execute(sql: "INSERT INTO name VALUES (16, 2, 'somebody', 1)")
                try database.execute(sql: "INSERT INTO record (entry, caller) VALUES (0, 16)")
            }
            try old.close()
        }
        let search = RecordSearch(reader: fixture.reader, store: try fixture.store())
        #expect(try search.update() == 500)
        #expect(try search.count(try RecordQuery(terms: ["caller=somebody"], now: Self.now)) == 0)
        #expect(try search.count(try RecordQuery(terms: ["served=*"], now: Self.now)) > 0)
        fixture.log.close()
    }

    @Test func `what was pruned is forgotten, and the index is as one that is made anew`() throws {
        let fixture = try SearchFixture()
        var traffic = Traffic(seed: 11)
        let store = try fixture.store()
        let search = RecordSearch(reader: fixture.reader, store: store)
        // Somebody whose only record is about to go.
        try fixture.append([
            ActRecord(
                id: RequestID(milliseconds: 1_795_300_801_000, random: 1),
                time: Timestamp(nanoseconds: 1_795_300_801_000_000_000),
                node: "n",
                actor: "uid 4711",
                action: "entry.create",
                subject: "s",
                outcome: .allow
            ).encoded()
        ])
        for _ in 0..<3 {
            try fixture.append((0..<1_000).map { _ in try traffic.next() })
            try search.update()
        }
        let writer = try fixture.store()
        let other = RecordSearch(reader: fixture.reader, store: writer)
        try other.update()
        let end = ContinuousClock.now + .seconds(20)
        while try fixture.reader.checkpoint()?.size ?? 0 < 3_001, ContinuousClock.now < end {
            Thread.sleep(forTimeInterval: 0.01)
        }
        try LogPruner(directory: fixture.reader.directory).prune(before: 1_280)
        try search.update()
        // Another that has it open, and remembers the numbers of values that are gone, adds to it.
        try fixture.append((0..<1_000).map { _ in try traffic.next() })
        try other.update()
        let fresh = try fixture.store("fresh")
        let anew = RecordSearch(reader: fixture.reader, store: fresh)
        try anew.update()
        for text in Self.queries {
            let query = try RecordQuery(terms: text.split(separator: " ").map(String.init), now: Self.now)
            let page = SearchPage(limit: 100_000)
            #expect(try search.find(query, page).matches == anew.find(query, page).matches, "\(text)")
            #expect(try search.count(query) == anew.count(query), "\(text)")
        }
        let first = try store.database.pool.read { try Int64.fetchOne($0, sql: "SELECT min(entry) FROM record") }
        #expect(first ?? 0 >= 1_280)
        // Nothing is left that only removed records said.
        let texts = try store.database.pool.read { database in
            try Set(String.fetchAll(database, sql: "SELECT text FROM name WHERE id > 15 AND field = 2"))
        }
        let expected = try fresh.database.pool.read { database in
            try Set(String.fetchAll(database, sql: "SELECT text FROM name WHERE id > 15 AND field = 2"))
        }
        #expect(texts == expected && !texts.contains("uid 4711") && !texts.isEmpty)
        fixture.log.close()
    }

    @Test func `two that take the log in at once do it once`() throws {
        let fixture = try SearchFixture()
        var traffic = Traffic(seed: 7)
        try fixture.append((0..<2_000).map { _ in try traffic.next() })
        let stores = try (0..<2).map { _ in try fixture.store() }
        let reader = fixture.reader
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            _ = try? RecordSearch(reader: reader, store: stores[index]).update()
        }
        let query = try RecordQuery(terms: ["decision=deny"], now: Self.now)
        let counts = try stores.map { try $0.count(query) }
        let fresh = RecordSearch(reader: reader, store: try fixture.store("fresh"))
        try fresh.update()
        #expect(try counts == [fresh.count(query), fresh.count(query)] && counts[0] > 0)
        fixture.log.close()
    }

    @Test func `another log in the same place is noticed, and the index made anew`() throws {
        let fixture = try SearchFixture()
        var traffic = Traffic(seed: 1)
        try fixture.append((0..<400).map { _ in try traffic.next() })
        fixture.log.close()
        let other = try SearchFixture()
        var more = Traffic(seed: 2)
        try other.append((0..<300).map { _ in try more.next() })
        other.log.close()
        let store = try fixture.store()
        #expect(try RecordSearch(reader: fixture.reader, store: store).update() == 400)
        let search = RecordSearch(reader: other.reader, store: store)
        #expect(try search.update() == 300)
        #expect(try search.update() == 0)
        let query = RecordQuery()
        let fresh = RecordSearch(reader: other.reader, store: try other.store())
        try fresh.update()
        #expect(try search.count(query) == fresh.count(query))
    }

    @Test func `an index that lies can hide a record and not make one up`() throws {
        let fixture = try SearchFixture()
        var traffic = Traffic(seed: 5)
        try fixture.append((0..<400).map { _ in try traffic.next() })
        fixture.log.close()
        let store = try fixture.store()
        let search = RecordSearch(reader: fixture.reader, store: store)
        try search.update()
        let query = try RecordQuery(terms: ["decision=deny"], now: Self.now)
        let honest = try search.find(query).matches
        #expect(!honest.isEmpty)
        // As somebody who can write the index's file could.
        try store.database.pool.write { database in
            try database.execute(sql: "UPDATE record SET decision = (SELECT id FROM name WHERE text = 'deny')")
        }
        #expect(
            try search.find(query, SearchPage(limit: 1_000)).matches.allSatisfy { match in
                RecordKeys(entry: match.entry.bytes[...])?[.decision] == "deny"
            }
        )
    }
}
