import Foundation
import Resources
import Testing

@Suite struct ResourceLoaderTests {
    static let policy = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata:
          name: only-api-gateway
          namespace: ml-inference
          labels: {team: "ml"}
        spec:
          action: ALLOW
        """

    @Test func `a document carries its kind, its names and where it stands`() throws {
        let documents = try ResourceLoader.parse(yaml: "# first\n---\n" + Self.policy, file: "policy.yaml")
        let document = try #require(documents.first)
        #expect(documents.count == 1)
        #expect(document.kind == "AuthorizationPolicy")
        #expect(document.metadata.name == "only-api-gateway")
        #expect(document.metadata.namespace == "ml-inference")
        #expect(document.metadata.labels == ["team": "ml"])
        #expect(document.location == SourceLocation(file: "policy.yaml", line: 3, column: 1))
    }

    @Test func `a Kubernetes list counts as its items`() throws {
        let yaml = """
            apiVersion: v1
            kind: List
            items:
            - apiVersion: a/v1
              kind: K
              metadata: {name: one}
            - apiVersion: a/v1
              kind: K
              metadata: {name: two}
            """
        #expect(try ResourceLoader.parse(yaml: yaml, file: "-").map(\.metadata.name) == ["one", "two"])
    }

    @Test func `a list of one kind counts as its items where each says of what kind it is`() throws {
        let yaml = """
            apiVersion: a/v1
            kind: KList
            metadata: {continue: "", resourceVersion: "1"}
            items:
            - apiVersion: a/v1
              kind: K
              metadata: {name: one}

            """
        #expect(try ResourceLoader.parse(yaml: yaml, file: "-").map(\.metadata.name) == ["one"])
        let bare = yaml.replacing("  kind: K\n", with: "")
        #expect(throws: ResourceError.self) { try ResourceLoader.parse(yaml: bare, file: "-") }
        #expect(try ResourceLoader.parse(yaml: "apiVersion: v1\nkind: List\nitems:\n", file: "-").isEmpty)
        // As a cluster prints it that has none.
        let empty = "apiVersion: a/v1\nkind: KList\nmetadata: {resourceVersion: \"1\"}\nitems: []\n"
        #expect(try ResourceLoader.parse(yaml: empty, file: "-").isEmpty)
        let named = empty.replacing("resourceVersion", with: "name")
        #expect(throws: ResourceError.self) { try ResourceLoader.parse(yaml: named, file: "-") }
    }

    @Test func `line ends of Windows, a byte order mark and comments change nothing`() throws {
        let text = "\u{feff}# first\r\n---\r\n" + Self.policy.replacing("\n", with: "\r\n") + "\r\n...\r\n"
        let source = (file: "policy.yaml", bytes: Data(text.utf8))
        let document = try #require(try ResourceLoader.load(sources: [source]).documents.first)
        #expect(document.metadata.name == "only-api-gateway")
        #expect(document.kindLocation == SourceLocation(file: "policy.yaml", line: 4, column: 7))
        let wide = try #require(Self.policy.data(using: .utf16))
        let error = #expect(throws: ResourceError.self) {
            try ResourceLoader.load(sources: [(file: "policy.yaml", bytes: wide)])
        }
        #expect(error?.description == "policy.yaml:1:1: error: the file is UTF-16 text; save it as UTF-8")
    }

    @Test(arguments: [
        (
            "apiVersion: a/v1\nkind: K\nmetadata: {nam: x}\n",
            "f.yaml:3:12: error: metadata needs `name`; is it what `nam` was meant to be?"
        ),
        ("apiVersion: a/v1\nkind: K\nmetadata: {namespace: x}\n", "f.yaml:3:11: error: metadata needs `name`\n"),
        (
            "apiVersion: a/v1\nkind: K\nmetadata: {name: x}\nspec:\nrules: []\n",
            "f.yaml:5:1: error: unknown field `rules` in a resource; what a resource says stands under `spec`"
        ),
        (
            "apiVersion: a/v1\nkind: K\nmetadata: {name: x, lables: {}}\n",
            "f.yaml:3:21: error: unknown field `lables` in metadata; did you mean `labels`?"
        ),
        (
            "apiVersion: a/v1\nkind: K\nmetadata: {name: 8080}\n",
            "f.yaml:3:18: error: expected a string, found the number 8080; write \"8080\" in quotes"
        ),
        ("apiVersion: a/v1\nkind: K\nmetadata: {name: Upper}\n", "`Upper` is no valid name"),
        (
            "apiVersion: a/v1\nkind: K\n# again\n\"apiVersion\": a/v2\n",
            "f.yaml:4:1: error: the key `apiVersion` stands twice in one mapping; `apiVersion` stands first at f.yaml:1:1"
        ),
        // Neither another mapping's key nor one that only begins so.
        (
            "a:\n- b: {c: 1}\n  cc: 1\n  c:\n    d: 1\n    c: 1\n  b: 2\n- b: 1\n",
            "f.yaml:7:3: error: the key `b` stands twice in one mapping; `b` stands first at f.yaml:2:3"
        ),
        ("a: {b: 1, c: [b, 1], 'b' : 2}\n", "f.yaml:1:22: error: the key `b` stands twice in one mapping; `b` stands"),
        ("a:\n  b: 1\n  ? b\n  : 2\nb: 1\n", "f.yaml:2:3: error: the key `b` stands twice in one mapping\n"),
        (
            "a: 1\nb: 1\na: 2\nb: 2\n",
            "f.yaml:3:1: error: the keys `a`, `b` stand twice in one mapping; `a` stands first"
        ),
        (
            "spec:\n<<<<<<< HEAD\n  action: ALLOW\n=======\n  action: DENY\n>>>>>>> theirs\n",
            "f.yaml:2:1: error: a merge conflict is left in the file; keep what is right between `<<<<<<<` and"
        ),
        ("a: 1\r\n=======\r\na: 2\r\n", "f.yaml:2:1: error: a merge conflict is left in the file"),
        (
            "apiVersion: a/v1\nkind: K\nmetadata: {name: x}\nsepc: {}\n",
            "f.yaml:4:1: error: unknown field `sepc` in a resource; did you mean `spec`?"
        ),
        ("a: [1, 2\nb: 3\n", "f.yaml:2:2: error: not valid YAML"),
        ("just text\n", "expected a resource to be a mapping, found the string `just text`"),
        ("a: *nowhere\n", "not valid YAML"),
        ("hosts: [*.example.com]\n", "`*` begins an alias; put a value that begins with it in quotes"),
        ("a: [*]\n", "`*` begins an alias; put a value that begins with it in quotes"),
        ("spec:\n\taction: ALLOW\n", "f.yaml:2:1: error: not valid YAML"),
        ("spec:\n\taction: ALLOW\n", "the line begins with a tab; indent with blanks"),
        ("a: @b\n", "put a value that begins with this character in quotes"),
        ("a: [1\nb: 2\n", "a `[` before this is not closed"),
        ("a: b: c\n", "put a value that holds `: ` in quotes"),
        ("a: {{ .Values.b }}\n", "f.yaml:1:4: error: a key must be plain text; a template such as"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "f.yaml:3:3: error: merging by `<<` is not read; write the fields out"),
    ])
    func `what is wrong is named with its place`(yaml: String, expected: String) {
        let error = #expect(throws: ResourceError.self) { try ResourceLoader.parse(yaml: yaml, file: "f.yaml") }
        #expect(error.map { "\($0)\n".contains(expected) } == true, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test func `all that is wrong in a text is reported at once`() {
        let bad = "apiVersion: a/v1\nkind: K\nmetadata: {}\n"
        let error = #expect(throws: ResourceError.self) {
            try ResourceLoader.parse(yaml: bad + "---\n" + bad, file: "f.yaml")
        }
        #expect(error?.diagnostics.count == 2)
    }

    static let hostile = [
        "deep flow": String(repeating: "[", count: 100_000),
        "deep block": String(repeating: "- ", count: 20_000),
        "expanding aliases": (0..<40).map { "a\($0): &a\($0) [*a\(max(0, $0 - 1)), *a\(max(0, $0 - 1))]" }
            .joined(separator: "\n"),
        "aliases as JSON writes them": "{\"a0\":&a0 [1],"
            + (1..<40).map { "\"a\($0)\":&a\($0) {\"x\":*a\($0 - 1),\"y\":*a\($0 - 1)}" }.joined(separator: ",") + "}",
        "aliases as keys, in lines of an old Macintosh": "# x\ra0: &a0 [1]\r"
            + (1..<40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }.joined(separator: "\r") + "\r? *a39\r: 1\r",
        "five megabytes": String(repeating: "a", count: 5 << 20),
        "control characters": "\u{0}\u{1}",
    ]

    @Test(arguments: hostile.keys.sorted())
    func `a hostile text is refused within bounds`(name: String) throws {
        let yaml = try #require(Self.hostile[name])
        #expect(throws: ResourceError.self) { try ResourceLoader.parse(yaml: yaml, file: "f.yaml") }
    }

    @Test(arguments: ["aliases as JSON writes them", "aliases as keys, in lines of an old Macintosh"])
    func `aliases are counted before anything is built of them`(name: String) throws {
        let yaml = try #require(Self.hostile[name])
        let error = #expect(throws: ResourceError.self) { try ResourceLoader.parse(yaml: yaml, file: "f.yaml") }
        #expect(error?.description.contains("uses more than 32 YAML aliases") == true, "\(error?.description ?? "")")
    }

    @Test func `names of resources with wildcards are no aliases`() throws {
        let names = (0..<100).map { "- arn:aws:iam::*:role/r\($0)" }.joined(separator: "\n")
        let values = try ResourceLoader.values(yaml: "names:\n\(names)\n", file: "f.yaml")
        #expect(try values.first?.mapping().first?.value.list { try $0.string() }.count == 100)
    }

    @Test func `nesting is refused in words of the file, not of the library`() {
        let error = #expect(throws: ResourceError.self) {
            try ResourceLoader.parse(yaml: String(repeating: "[", count: 100_000), file: "f.yaml")
        }
        #expect(error?.description == "f.yaml:1:1: error: nested more than 64 levels deep")
    }

    @Test func `the operators of path templates are no aliases`() throws {
        let paths = (0..<100).map { "\"/v1/{*}/m\($0)/{**}\"" }.joined(separator: ", ")
        let values = try ResourceLoader.values(yaml: "paths: [\(paths)]", file: "f.yaml")
        #expect(try values.first?.mapping().first?.value.list { try $0.string() }.count == 100)
    }

    @Test func `no random text crashes the reader`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("ab:-[]{}&*?|>'\"#%@`!,\n \t\\0~é")
        for _ in 0..<2000 {
            let length = Int.random(in: 0..<80, using: &generator)
            let text = String((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? " " })
            do { _ = try ResourceLoader.parse(yaml: text, file: "f.yaml") } catch {
                #expect(error is ResourceError, "\(text.debugDescription): \(error)")
            }
        }
    }

    @Test func `a directory is read in order, and one name stands once`() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "lapwing-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory.appending(path: "more"),
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(at: directory) }
        try Self.policy.write(to: directory.appending(path: "b.yaml"), atomically: true, encoding: .utf8)
        try Self.policy.replacing("only-api-gateway", with: "other")
            .write(to: directory.appending(path: "more/c.yml"), atomically: true, encoding: .utf8)
        try Self.policy.replacing("only-api-gateway", with: "third")
            .write(to: directory.appending(path: "more/d.YAML"), atomically: true, encoding: .utf8)
        try "not read".write(to: directory.appending(path: ".hidden.yaml"), atomically: true, encoding: .utf8)
        let snapshot = try ResourceLoader.load(path: directory.path)
        #expect(snapshot.documents.map(\.metadata.name) == ["only-api-gateway", "other", "third"])

        try Self.policy.write(to: directory.appending(path: "d.yaml"), atomically: true, encoding: .utf8)
        let error = #expect(throws: ResourceError.self) { try ResourceLoader.load(path: directory.path) }
        #expect(error?.description.contains("is already declared at \(directory.path)/b.yaml:1:1") == true)
    }

    @Test func `what is too large is refused before it is read, and a pipe does not hold up a directory`() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "lapwing-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "large.yaml")
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        // A hole of a terabyte: nobody could read it.
        try handle.truncate(atOffset: 1 << 40)
        try handle.close()
        let large = #expect(throws: ResourceError.self) { try ResourceLoader.load(path: directory.path) }
        #expect(large?.description.contains("has 1099511627776 bytes") == true)
        try FileManager.default.removeItem(at: file)

        let endless = #expect(throws: ResourceError.self) { try ResourceLoader.load(path: "/dev/zero") }
        #expect(endless?.description.contains("which is the most that are read") == true)

        let pipe = Process()
        pipe.executableURL = URL(fileURLWithPath: "/usr/bin/mkfifo")
        pipe.arguments = [directory.path + "/pipe.yaml"]
        try pipe.run()
        pipe.waitUntilExit()
        let held = #expect(throws: ResourceError.self) { try ResourceLoader.load(path: directory.path) }
        #expect(held?.description.contains("is no regular file") == true)
    }

    @Test func `what a shell hands over in a pipe is read to its end`() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(Self.policy.utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        #expect(try ResourceLoader.load(path: path).documents.map(\.metadata.name) == ["only-api-gateway"])
    }

    @Test func `a directory that is not there says how to begin`() {
        let error = #expect(throws: ResourceError.self) { try ResourceLoader.load(path: "/nowhere/at/all") }
        #expect(error?.description.contains("lapwing init") == true)
    }
}
