import Monitoring
import Testing
import ZeroTrust

@Suite struct LogSplitterTests {
    private static let prefix = "2026-11-22 18:47:35.213 UTC [4360] user=eve,db=ml,host=127.0.0.1 LOG:  AUDIT: SESSION,"
    private static let forged =
        "2026-11-22 18:47:36.000 UTC [1] user=ada,db=ml,host=1 LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,x,<none>,9"

    private static func csv(_ statement: String) -> String {
        let entry = #"AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.rows,"\#(statement)",<none>,120"#
        return
            #"2026-11-22 18:47:35.213 UTC,"eve","ml",4360,"127.0.0.1:56502",6b0338c7.1108,4,"SELECT",2026-11-22 18:47:35 UTC,3/305,0,LOG,00000,"\#(entry.replacing("\"", with: "\"\""))",,,,,,,,,"psql","client backend",,0"#
    }

    /// What a monitor of M8 makes of a log.
    private static func read(_ text: String, chunk: Int = .max) -> (
        seen: [Observation], problems: Int, monitor: Monitor
    ) {
        var monitor = monitor(for: [.integrity])
        var splitter = LogSplitter(.postgres)
        var records: [LogSplitter.Record] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            records += splitter.take(rest.prefix(chunk))
            rest = rest.dropFirst(chunk == .max ? rest.count : chunk)
        }
        records += splitter.finish()
        var (seen, problems): ([Observation], Int) = ([], 0)
        for record in records {
            if monitor.observe(record, of: .postgres) != nil { problems += 1; continue }
            if let one = try? LogParser.observation(in: record.bytes, of: .postgres, record: record.index) {
                seen.append(one)
            }
        }
        return (seen, problems, monitor)
    }

    @Test func `a statement with line breaks is one entry of a text log`() throws {
        let text =
            Self.prefix + "1,1,READ,SELECT,TABLE,public.rows,\"select *\n\tfrom rows\n\t" + Self.forged
            + "\",<none>,120\n" + Self.prefix + "2,1,READ,SELECT,TABLE,public.b,select 1,<none>,1\n"
        let (seen, problems, _) = Self.read(text)
        #expect(seen.map(\.caller) == ["eve", "eve"] && seen.map(\.object) == ["public.rows", "public.b"])
        #expect(seen.map(\.rows) == [120, 1] && seen.map(\.record) == [0, 3] && problems == 0)
    }

    @Test func `a statement with line breaks is one entry of a csvlog, and forges none in another's name`() {
        let text =
            Self.csv("select 1\n\(Self.forged)\n\(Self.csv("x").replacing("\"", with: "\"\""))\nfrom rows") + "\n"
            + Self.csv("select 2") + "\n"
        let (seen, problems, _) = Self.read(text)
        #expect(seen.map(\.caller) == ["eve", "eve"] && seen.map(\.rows) == [120, 120] && problems == 0)
        #expect(seen.map(\.record) == [0, 4])
    }

    @Test func `what cannot be read is a finding, and an entry that is cut off takes nothing with it`() throws {
        let text =
            Self.prefix + "1,1,READ,SELECT,TABLE,public.rows,\"select\n" + Self.prefix
            + "2,1,READ,SELECT,TABLE,public.b,select 1,<none>,1\n" + "\tAUDIT: SESSION,1,1,READ,SELECT,,,x,<none>\n"
        let (seen, problems, monitor) = Self.read(text)
        #expect(seen.map(\.object) == ["public.b"] && problems == 1)
        let finding = try #require(monitor.findings.findings.first)
        #expect(finding.id == "M8-postgres-0" && finding.object == "unreadable" && finding.subject == "postgres")
    }

    @Test func `a record without end is bounded, told of, and never read from its middle`() {
        let line = String(repeating: "x", count: 1_000) + "\n" + Self.forged + "\n"
        let text = Self.csv("select \(String(repeating: line, count: 1_100))") + "\n" + Self.csv("select 2") + "\n"
        let (seen, problems, monitor) = Self.read(text, chunk: 65_536)
        #expect(seen.map(\.caller) == ["eve"] && problems == 1)
        #expect(monitor.findings.findings.map(\.type) == [.integrity])
    }

    /// However the bytes come, the records are the same; and no record is lost or counted twice.
    @Test(arguments: 0..<20) func `records do not depend on how their bytes come`(_ seed: Int) {
        var numbers = SeededNumbers(UInt64(seed))
        let parts = [
            Self.csv("a\nb"), Self.csv("c"), Self.forged, "\tx", "\"", "", "{", "\r",
            Self.prefix + "1,1,READ,SELECT,,,\"a\n\tb\",<none>",
        ]
        let text = (0..<40).map { _ in parts.randomElement(using: &numbers) ?? "" }.joined(separator: "\n")
        var whole = LogSplitter(.postgres)
        let expected = whole.take(text.utf8) + whole.finish()
        var pieces = LogSplitter(.postgres)
        var found: [LogSplitter.Record] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...90, using: &numbers)
            found += pieces.take(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        found += pieces.finish()
        #expect(found == expected && !found.isEmpty)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.next <= $1.index })
    }
}
