import Foundation
import Testing

@Suite struct CommandLineTests {
    @Test(arguments: [["--help"], ["--version"], ["policy", "check", "--help"], ["identity", "entry", "--help"]])
    func `help and version are fine`(arguments: [String]) throws {
        let result = try Program.run(arguments)
        #expect(result.status == 0, "\(result.errors)")
        #expect(!result.output.isEmpty)
    }

    @Test(arguments: [
        ["polcy"], ["policy", "check"], ["policy", "explain"], ["serve", "--confg", "x"],
        ["policy", "explain", "not-an-id"],
        ["config", "show", "--log-level", "loud"],
    ])
    func `a wrong command line is a usage error`(arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let result = try Program.run(arguments, environment: ["LAPWING_CONFIG": directory.path + "/c"])
        #expect(result.status == 2, "\(result.output)\(result.errors)")
        #expect(!result.errors.isEmpty)
    }

    @Test func `a directory that is named from here is meant from here by every process`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let shown = try Program.run("config", "show", "--config", directory.path + "/c", "--state", "s", "--run", "r")
        let here = FileManager.default.currentDirectoryPath
        #expect(shown.output.contains(here + "/s") && shown.output.contains(here + "/r"), "\(shown.output)")
    }

    @Test func `a starting configuration loads as it is written`() throws {
        let directory = try TemporaryDirectory()
        let made = try Program.run("init", directory.path + "/lapwing")
        #expect(made.status == 0, "\(made.errors)")
        let validated = try Program.run("config", "validate", "--config", directory.path + "/lapwing")
        #expect(validated.status == 0, "\(validated.output)\(validated.errors)")
        let again = try Program.run("init", directory.path + "/lapwing")
        #expect(again.status == 2)
        #expect(again.errors.contains("is not empty"))
    }

    @Test func `a policy with a mistake is refused with its place and the nearest name`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: p, namespace: ml-inference}
            spec:
              rules:
              - to:
                - operation: {method: ["POST"]}
            """,
            to: "p.yaml"
        )
        let result = try Program.run("policy", "check", file)
        #expect(result.status == 1)
        #expect(result.output.contains("\(file):7:19: error: unknown field `method`"), "\(result.output)")
        #expect(result.output.contains("did you mean `methods`?"))
    }

    @Test func `a hypothetical request is explained rule by rule`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let allowed = try Program.run(
            "policy",
            "explain",
            "--config",
            directory.path + "/c",
            "--from",
            "cluster.local/ns/ml-api/sa/api-gateway",
            "POST",
            "https://inference.example/v1/predict"
        )
        #expect(allowed.status == 0, "\(allowed.output)\(allowed.errors)")
        let denied = try Program.run(
            "policy",
            "explain",
            "--config",
            directory.path + "/c",
            "--from",
            "cluster.local/ns/ml-batch/sa/job",
            "POST",
            "https://inference.example/v1/predict"
        )
        #expect(denied.status == 1, "\(denied.output)\(denied.errors)")
        #expect(denied.output.contains("smallest edit"))
    }

    @Test func `a setting says where it came from`() throws {
        let result = try Program.run(
            "config",
            "show",
            "--origin",
            "--state",
            "/tmp/flag",
            "-o",
            "json",
            environment: ["LAPWING_RUN": "/tmp/environment"]
        )
        #expect(result.status == 0, "\(result.errors)")
        struct Row: Decodable { let name, value, origin: String }
        let rows = try JSONDecoder().decode([Row].self, from: Data(result.output.utf8))
        #expect(rows.contains { $0.name == "state" && $0.value == "/tmp/flag" && $0.origin == "--state" })
        #expect(rows.contains { $0.name == "run" && $0.value == "/tmp/environment" && $0.origin == "LAPWING_RUN" })
    }

    @Test func `what is not running is unreachable, and the message says what to do`() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run("identity", "entry", "list", "--run", directory.path)
        #expect(result.status == 3, "\(result.output)\(result.errors)")
        #expect(result.errors.contains("lapwing serve"))
    }
}
