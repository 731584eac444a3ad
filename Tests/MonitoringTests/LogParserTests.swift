import Monitoring
import Testing
import ZeroTrust

@Suite struct LogParserTests {
    private static func read(_ line: String, _ source: LogSource) throws -> Observation? {
        try LogParser.observation(in: line.utf8, of: source, record: 7)
    }

    @Test func `an access log line of Envoy says who called whom`() throws {
        let line = #"""
            {"start_time":"2026-11-22T18:47:35.213Z","method":"POST","path":"/v1/predict","response_code":200,
            "bytes_sent":1234,"downstream_peer_uri_san":"spiffe://cluster.local/ns/ml-api/sa/api-gateway",
            "authority":"inference.ml-inference.svc.cluster.local","upstream_host":"10.1.2.3:8080",
            "downstream_tls_version":"TLSv1.3","response_code_details":"via_upstream"}
            """#
        let seen = try #require(try Self.read(line.replacing("\n", with: ""), .envoy))
        #expect(seen.caller == "spiffe://cluster.local/ns/ml-api/sa/api-gateway")
        #expect(seen.callee == "10.1.2.3:8080")
        #expect(seen.verbClass == .call && seen.object == "/v1/predict" && seen.status == 200 && seen.bytes == 1234)
        #expect(seen.decision == .allow && seen.marks.isEmpty && seen.record == 7)
        #expect(seen.time.description == "2026-11-22T18:47:35.213000000Z")
    }

    @Test(
        arguments: [
            (
                #""upstream_cluster":"outbound|8080||inference.ml.svc.cluster.local","upstream_host":"10.1.2.3:8080","#,
                "inference.ml.svc.cluster.local"
            ),
            (#""upstream_cluster":"inbound|8080||","upstream_host":"10.1.2.3:8080","#, "10.1.2.3:8080"),
            (#""upstream_cluster":"PassthroughCluster","upstream_host":"203.0.113.9:443","#, "203.0.113.9:443"),
            (#""upstream_cluster":"-","upstream_host":null,"#, "allowed.svc.cluster.local"),
        ]
    )
    func `whither a call went is what Envoy says and not what the client asks for`(_ fields: String, _ callee: String)
        throws
    {
        let line =
            #"{"start_time":"2026-11-22T18:47:35Z","method":"GET",\#(fields)"authority":"allowed.svc.cluster.local","downstream_remote_address":"10.0.0.7:4312"}"#
        #expect(try #require(try Self.read(line, .envoy)).callee == callee)
    }

    @Test func `a way out, a refusal, plaintext and an unknown caller are marked`() throws {
        let line = #"""
            {"start_time":"2026-11-22T19:47:35+01:00","method":"GET","authority":"api.example.com","upstream_host":"203.0.113.9:443","downstream_remote_address":"10.0.0.7:4312","downstream_tls_version":null,"response_code":403,"response_code_details":"rbac_access_denied_matched_policy[none]"}
            """#
        let seen = try #require(try Self.read(line, .envoy))
        #expect(seen.caller == "10.0.0.7" && seen.decision == .deny)
        #expect(seen.marks == [.anonymous, .leaves, .plaintext])
        #expect(seen.time.description.hasPrefix("2026-11-22T18:47:35"))
    }

    @Test(
        arguments: [
            (
                #"{"ts":1588205199.8,"id_orig_h":"10.0.1.6","id_resp_h":"10.0.0.4","id_resp_p":53,"proto":"udp","orig_bytes":39,"resp_bytes":55}"#,
                "10.0.1.6", "10.0.0.4:53", 94
            ),
            (
                #"{"ts":1588205199.8,"id.orig_h":"10.0.1.6","id.resp_h":"203.0.113.4","id.resp_p":443,"proto":"tcp"}"#,
                "10.0.1.6", "203.0.113.4:443", 0
            ),
            (
                #"{"start":1588205199,"srcaddr":"10.0.1.6","dstaddr":"10.0.0.4","dstport":5432,"protocol":6,"bytes":77,"action":"REJECT"}"#,
                "10.0.1.6", "10.0.0.4:5432", 77
            ),
            (
                #"{"time":"2026-11-22T18:47:35Z","flow":{"verdict":"DROPPED","IP":{"source":"10.0.0.1","destination":"10.0.0.2"},"l4":{"TCP":{"destination_port":443}},"source":{"namespace":"ml","pod_name":"a"},"destination":{"namespace":"ml","pod_name":"b"}}}"#,
                "ml/a", "ml/b:443", 0
            ),
            (
                #"{"time":"2026-11-22T18:47:35Z","source":"spiffe://td/ns/a/sa/a","destination":"::1","port":9000}"#,
                "spiffe://td/ns/a/sa/a", "[::1]:9000", 0
            ),
        ]
    )
    func `flows are read in the forms that there are`(_ flow: (String, String, String, UInt64)) throws {
        let seen = try #require(try Self.read(flow.0, .flow))
        #expect(seen.caller == flow.1 && seen.callee == flow.2 && seen.bytes == flow.3)
        #expect(seen.verbClass == .connect)
        #expect((seen.decision == .deny) == (flow.0.contains("REJECT") || flow.0.contains("DROPPED")))
        #expect(seen.marks.contains(.leaves) == flow.2.hasPrefix("203."))
    }

    @Test func `pgaudit is read in text, csvlog and jsonlog alike`() throws {
        let entry = #"AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.features,"select a, ""b"" from features",<none>,120"#
        let text = "2026-11-22 18:47:35.213 UTC [4360] user=c_training,db=ml,host=127.0.0.1 LOG:  " + entry
        let quoted = entry.replacing("\"", with: "\"\"")
        let csv =
            #"2026-11-22 18:47:35.213 UTC,"c_training","ml",4360,"127.0.0.1:56502",6b0338c7.1108,4,"SELECT",2026-11-22 18:47:35 UTC,3/305,0,LOG,00000,"\#(quoted)",,,,,,,,,"psql","client backend",,0"#
        let escaped = entry.replacing("\"", with: "\\\"")
        let json =
            #"{"timestamp":"2026-11-22 18:47:35.213 UTC","user":"c_training","dbname":"ml","message":"\#(escaped)"}"#
        for line in [text, csv, json] {
            let seen = try #require(try Self.read(line, .postgres))
            #expect(seen.caller == "c_training" && seen.callee == "ml" && seen.verb == "READ")
            #expect(seen.verbClass == .read && seen.object == "public.features" && seen.rows == 120)
        }
    }

    @Test(
        arguments: [
            ("READ,SELECT,TABLE,p.t,select 1", "SELECT"),
            ("WRITE,INSERT,TABLE,p.t,insert into p.t values (1)", "INSERT"),
            ("WRITE,INSERT,TABLE,p.t,insert into p.t values (1) on Conflict do nothing", "INSERT ON CONFLICT"),
            ("WRITE,INSERT,TABLE,p.t,<previously logged>", "INSERT ON CONFLICT"), ("WRITE,COPY,TABLE,p.t,x", "COPY"),
            ("ROLE,GRANT,TABLE,p.t,x", ""),
        ]
    )
    func `an entry of pgaudit says which command it was, and whether it may have changed what was there`(
        _ entry: String,
        _ command: String
    ) throws {
        let line = "2026-11-22 18:47:35.213 UTC [1] user=c,db=m LOG:  AUDIT: SESSION,1,1,\(entry),<none>"
        #expect(try #require(try Self.read(line, .postgres)).command == command)
    }

    @Test func `other messages of a database say nothing, and an entry without a user is an error`() throws {
        #expect(try Self.read("2026-11-22 18:47:35.213 UTC [1] LOG:  checkpoint starting: time", .postgres) == nil)
        #expect(
            try Self.read(#"{"timestamp":"2026-11-22 18:47:35.213 UTC","message":"checkpoint starting"}"#, .postgres)
                == nil
        )
        #expect(throws: MonitoringError.self) {
            try Self.read("2026-11-22 18:47:35.213 UTC [1] LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,x,<none>", .postgres)
        }
    }

    @Test func `an object read from S3 is told apart from a look at a bucket's settings`() throws {
        let start = "0123 bucket [06/Feb/2019:01:00:38 +0100] 192.0.2.3 arn:aws:iam::1:user/ada 3E57 "
        let end =
            #" "GET /a HTTP/1.1" 200 - 4096 4096 7 6 "-" "agent \"x\"" - id= SigV4 c AuthHeader h TLSV1.2 - Yes us-east-1"#
        let seen = try #require(try Self.read(start + "REST.GET.OBJECT rows/part-1.parquet" + end, .s3))
        #expect(
            seen.caller == "arn:aws:iam::1:user/ada" && seen.callee == "bucket" && seen.object == "rows/part-1.parquet"
        )
        #expect(seen.verb == "GET" && seen.verbClass == .read && seen.bytes == 4096 && seen.marks.isEmpty)
        #expect(seen.time.description.hasPrefix("2019-02-06T00:00:38"))
        let policy = try #require(try Self.read(start + "REST.PUT.BUCKETPOLICY -" + end, .s3))
        #expect(policy.verb == "REST.PUT.BUCKETPOLICY" && policy.marks == [.controlPlane])
        // What is copied is read, object by object.
        let copied = try #require(try Self.read(start + "REST.COPY.OBJECT_GET rows/part-1.parquet" + end, .s3))
        #expect(copied.verb == "GET" && copied.verbClass == .read && copied.marks.isEmpty && copied.bytes == 4096)
    }

    /// What a client may say of itself, whatever marks it has, hides nothing of what it read.
    @Test(
        arguments: [
            (#"-" "curl/8"#, "GET /a HTTP/1.1"), (#"x" [a" "curl/8"#, "GET /a HTTP/1.1"),
            (#"-" "x" [a"#, "GET /a HTTP/1.1"), (#"x" "" ""#, "GET /a HTTP/1.1"), (#"-" """#, "GET /a HTTP/1.1"),
            (#"-" "a" \#(String(repeating: "b ", count: 200))"#, "GET /a HTTP/1.1"), (#"-" "-"#, "-"),
            (#"-" "curl/8"#, #"GET /a" HTTP/1.1"#), (#"-" "curl/8"#, #"GET /"-"x HTTP/1.1"#),
        ] as [(String, String)]
    )
    func `marks in a client's own words hide nothing of what it read from S3`(_ words: String, _ request: String) throws
    {
        let start = "0123 bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ada 3E57 REST.GET.OBJECT rows/1 "
        let line = start + #""\#(request)" 200 - 4096 4096 7 6 "\#(words)" - id= SigV4 c AuthHeader h TLSV1.2 - -"#
        let seen = try #require(try Self.read(line, .s3))
        #expect(
            seen.caller == "ada" && seen.object == "rows/1" && seen.time.description.hasPrefix("2019-02-06T00:00:38")
        )
        #expect(seen.status == 200 && seen.bytes == 4096 && seen.verb == "GET" && seen.decision == .allow)
    }

    @Test func `a line of S3 with blanks for what it does not know is read, and one that is cut off is an error`()
        throws
    {
        let line =
            #"0123 bucket [06/Feb/2019:00:00:38 +0000] - - 3E57 S3.EXPIRE.OBJECT rows/1 "-" - - - 4096 - - "-" "-" - id= - - - - - - -"#
        let seen = try #require(try Self.read(line, .s3))
        #expect(seen.status == nil && seen.bytes == 0 && seen.marks == [.anonymous, .automatic])
        for cut in ["0123", #"0123 bucket [06/Feb/2019"#, String(line.prefix(92)), String(line.prefix(98))] {
            #expect(throws: MonitoringError.self, "\(cut)") { try Self.read(cut, .s3) }
        }
    }

    @Test func `an event of CloudTrail names the role and not its session`() throws {
        let line = #"""
            {"eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","eventTime":"2026-11-22T18:47:35Z","readOnly":true,"managementEvent":true,"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/trainer/session-9","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:role/trainer"}}},"requestParameters":{"modelId":"anthropic.claude-v2"},"errorCode":"AccessDenied"}
            """#
        let seen = try #require(try Self.read(line, .cloudTrail))
        #expect(seen.caller == "arn:aws:iam::1:role/trainer" && seen.callee == "bedrock.amazonaws.com")
        #expect(seen.model?.name == "anthropic.claude-v2" && seen.decision == .deny)
        #expect(seen.marks == [.controlPlane])
        let file = #"{"Records":[\#(line),\#(line)]}"#
        #expect(try LogParser.cloudTrail(file: file.utf8, first: 5).map(\.record) == [5, 6])
    }

    private static let head =
        #""eventSource":"s3.amazonaws.com","eventName":"GetObject","eventTime":"2026-11-22T18:47:35Z""#

    /// What an event leaves out, or has as null or of another type than usual, and who is then taken to have done it.
    @Test(
        arguments: [
            ("", "unknown"), (#","sourceIPAddress":"192.0.2.1""#, "192.0.2.1"),
            (#","userIdentity":null,"sourceIPAddress":"192.0.2.1""#, "192.0.2.1"),
            (#","userIdentity":"ada","sourceIPAddress":"""#, "unknown"),
            (#","userIdentity":{"type":"AssumedRole","sessionContext":{"sessionIssuer":null}}"#, "unknown"),
            (#","userIdentity":{"type":"AssumedRole","arn":"","principalId":"AROA:s"}"#, "AROA:s"),
            (#","userIdentity":{"type":"AWSAccount","principalId":"","accountId":"123456789012"}"#, "123456789012"),
            (#","userIdentity":{"accountId":123456789012},"requestParameters":null,"resources":null"#, "123456789012"),
            (
                #","requestParameters":[1],"resources":[null],"additionalEventData":{"bytesTransferredOut":-1}"#,
                "unknown"
            ),
            (#","requestParameters":{"bucketName":{"x":1},"key":7},"errorCode":null,"readOnly":"true""#, "unknown"),
        ]
    )
    func `an event of CloudTrail that leaves much out is read as far as it goes`(_ rest: String, _ caller: String)
        throws
    {
        let seen = try #require(try Self.read("{\(Self.head)\(rest)}", .cloudTrail))
        #expect(seen.caller == caller && seen.callee == "s3.amazonaws.com" && seen.verb == "GetObject")
        #expect(seen.decision == .allow && seen.bytes == 0)
    }

    @Test(
        arguments: [
            #"{}"#, #"[]"#, #"{"eventSource":"","eventName":"x","eventTime":"2026-11-22T18:47:35Z"}"#,
            #"{"eventSource":"s","eventName":"x"}"#, #"{"eventSource":"s","eventName":"x","eventTime":"yesterday"}"#,
            #"{"eventSource":"s","eventName":"x","eventTime":"1969-12-31T23:59:59Z"}"#,
            #"{"eventSource":"s","eventName":null,"eventTime":"2026-11-22T18:47:35Z"}"#,
        ]
    )
    func `an event of CloudTrail without its source, name or time is an error`(_ event: String) {
        #expect(throws: MonitoringError.self) { try Self.read(event, .cloudTrail) }
    }

    @Test func `an event that cannot be read hides no other of its file`() throws {
        let (good, bad) = ("{\(Self.head)}", #"{"eventName":"GetObject"}"#)
        let insight = #"{"eventTime":"2026-11-22T18:47:35Z","eventType":"AwsCloudTrailInsight","insightDetails":{}}"#
        for file in [
            #"{"Records":[\#(good),\#(bad),\#(insight),\#(good)]}"#, "[\(good),\(bad),\(insight),\(good)]",
            [good, bad, insight, good].joined(separator: "\n"), [good, "{", insight, good].joined(separator: "\r\n"),
        ] {
            var (seen, bad): ([UInt64], [UInt64]) = ([], [])
            try LogParser.cloudTrail(file: file.utf8, first: 5) { record, event in
                switch event {
                case .success(let observation): if observation != nil { seen.append(record) }
                case .failure: bad.append(record)
                }
            }
            #expect(seen == [5, 8] && bad == [6], "\(file)")
            #expect(throws: MonitoringError.self) { try LogParser.cloudTrail(file: file.utf8) }
        }
        for file in [#"{"Records":{}}"#, #"{"Records":"none"}"#, "7", "no\nlog", #"{"Records":["#] {
            #expect(throws: MonitoringError.self, "\(file)") { try LogParser.cloudTrail(file: file.utf8) }
        }
        #expect(try LogParser.cloudTrail(file: #"{"Records":[]}"#.utf8).isEmpty)
        #expect(try LogParser.cloudTrail(file: "".utf8).isEmpty)
    }

    @Test func `texts beyond a bound are refused`() {
        let deep = String(repeating: "[", count: 5_000)
        #expect(throws: MonitoringError.self) { try Self.read(deep, .cloudTrail) }
        let long = String(repeating: " ", count: LogParser.maximumLineLength + 1)
        #expect(throws: MonitoringError.self) { try Self.read(long, .s3) }
        let wide = "[" + String(repeating: "1,", count: 30_000) + "1]"
        #expect(throws: MonitoringError.self) { try Self.read(wide, .flow) }
    }

    /// Lines of each log, cut, doubled and with bytes changed: an observation, nothing, or an error, and never a crash.
    @Test(arguments: LogSource.allCases.filter { $0 != .lapwing }) func `hostile lines are refused`(_ source: LogSource)
    {
        let seeds: [LogSource: [String]] = [
            .envoy: [
                #"{"start_time":"2026-11-22T18:47:35.213Z","authority":"a.b","downstream_remote_address":"[::1]:1","response_code":0}"#
            ],
            .flow: [#"{"ts":1e9,"id_orig_h":"1.2.3.4","id_resp_h":"::1","id_resp_p":1,"l4":{"TCP":{}}}"#],
            .postgres: [
                #"2026-11-22 18:47:35.213 UTC [4360] user=c,db=ml,host=1 LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,"a ""b""",<none>,1"#,
                #"{"timestamp":"2026-11-22 18:47:35.213 UTC","user":"c","dbname":"m","message":"AUDIT: SESSION,1,1,READ,SELECT,,,\u00e9\ud83d\ude00,<none>,1"}"#,
            ],
            .s3: [
                #"0 b [06/Feb/2019:00:00:38 +0000] 1.2.3.4 r i REST.GET.OBJECT k "GET / HTTP/1.1" 200 - 1 - 7 - "-" "a" - x"#
            ],
            .cloudTrail: [
                #"{"eventSource":"s3.amazonaws.com","eventName":"GetObject","eventTime":"2025-02-10T05:04:32Z","userIdentity":{"arn":"a/b/c"},"resources":[{"ARN":"x"}]}"#
            ],
        ]
        var numbers = SeededNumbers(UInt64(source.rawValue) + 40)
        var (read, refused) = (0, 0)
        for round in 0..<4_000 {
            var line = Array((seeds[source] ?? []).randomElement(using: &numbers)?.utf8 ?? "".utf8)
            for _ in 0..<(round % 6) {
                let place = Int.random(in: 0..<max(line.count, 1), using: &numbers)
                switch Int.random(in: 0..<5, using: &numbers) {
                case 0: line = Array(line.prefix(place))
                case 1: line.insert(contentsOf: line.prefix(place), at: place)
                case 2 where !line.isEmpty:
                    line[min(place, line.count - 1)] = UInt8.random(in: 0...255, using: &numbers)
                case 3:
                    line.insert(contentsOf: Array("\"\\[{,".utf8).shuffled(using: &numbers), at: min(place, line.count))
                default: if place < line.count { line.remove(at: place) }
                }
            }
            do {
                if try LogParser.observation(in: line, of: source, record: 0) != nil { read += 1 }
            } catch {
                refused += 1
            }
        }
        #expect(read > 600 && refused > 600)
    }
}
