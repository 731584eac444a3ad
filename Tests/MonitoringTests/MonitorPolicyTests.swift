import Foundation
import Monitoring
import Resources
import Testing

@Suite struct MonitorPolicyTests {
    private static func documents(_ kind: String, _ spec: String) throws -> [Document] {
        let text = "apiVersion: lapwing.dev/v1alpha1\nkind: \(kind)\nmetadata: {name: x}\nspec: \(spec)\n"
        return try ResourceLoader.load(sources: [(file: "x.yaml", bytes: Data(text.utf8))]).documents
    }

    @Test func `what is written is what the monitor is set to`() throws {
        let spec = """
            {learning: 12h, memory: 336h, volume: {window: 10m, learning: 24h, minimum: {rows: 50}}, checkpointAge: 90s, \
            coverage: {percent: 10, datasets: [{name: ml, objects: 5000}]}, disable: [model_extraction], \
            sources: [{kind: postgres, file: /var/log/pg.json}], declared: [{from: "*", to: "10.0.0.1:53", verbs: [connect]}]}
            """
        let policy = try MonitorPolicy.load(Self.documents("MonitorPolicy", spec))
        #expect(policy.settings.learning == 12 * hour && policy.settings.memory == 14 * day)
        #expect(policy.settings.window == 600 && policy.settings.volumeLearning == 144)
        #expect(policy.settings.minimumVolume[2] == 50 && policy.settings.coverage == 0.1)
        #expect(policy.settings.datasetSizes == ["ml": 5_000] && policy.settings.checkpointAge == 90)
        #expect(policy.settings.disabled == [.modelExtraction])
        #expect(policy.sources.map(\.file) == ["/var/log/pg.json"] && policy.declared.count == 1)
    }

    @Test(
        arguments: [
            "{learning: soon}", "{memory: 1h}", "{volume: {window: 1s}}", "{coverage: {percent: 0}}", "{disable: [m9]}",
            "{sources: [{kind: flow, file: relative}]}", "{unknown: 1}",
            "{sources: [{kind: flow, file: /a}, {kind: flow, file: /b}]}", "{declared: [{from: a}]}",
        ]
    )
    func `what cannot be meant is refused with its place`(_ spec: String) {
        do {
            _ = try MonitorPolicy.load(Self.documents("MonitorPolicy", spec))
            Issue.record("accepted")
        } catch {
            #expect("\(error)".hasPrefix("x.yaml:4:"))
        }
    }

    @Test func `a route has one receiver, reached over TLS or on loopback`() throws {
        let routes = try AlertRoute.load(
            Self.documents(
                "AlertRoute",
                "{severity: high, types: [integrity], webhook: {url: \"https://a.example/x\", secretFile: /k}}"
            )
        )
        #expect(routes.first?.receiver == .webhook(url: "https://a.example/x", secretFile: "/k"))
        #expect(routes.first?.severity == .high && routes.first?.types == [.integrity])
        _ = try AlertRoute.load(Self.documents("AlertRoute", "{alertmanager: {url: \"http://127.0.0.1:9093\"}}"))
        for spec in [
            "{}", "{alertmanager: {url: \"http://alerts.example\"}}",
            "{alertmanager: {url: \"http://127.0.0.1.example\"}}",
            "{alertmanager: {url: \"http://127.0.0.1@evil.example\"}}", "{slack: {urlFile: here}}",
            "{slack: {urlFile: /a}, alertmanager: {url: \"https://a\"}}", "{severity: bad, slack: {urlFile: /a}}",
        ] {
            #expect(throws: ResourceError.self) { try AlertRoute.load(Self.documents("AlertRoute", spec)) }
        }
    }
}
