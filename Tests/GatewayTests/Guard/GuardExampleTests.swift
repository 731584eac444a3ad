import Foundation
import Guardrails
import Resources
import Testing

@testable import Gateway

/// The example `Examples/guardrails` loads, and does what its requests say.
@Suite(.timeLimit(.minutes(5))) struct GuardExampleTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Examples/guardrails").standardizedFileURL

    private static func requests(_ file: String) throws -> [JSONValue] {
        try String(contentsOf: folder.appendingPathComponent("requests/\(file)"), encoding: .utf8)
            .split(separator: "\n").map { try JSONDocument(String($0)).root }
    }

    @Test func `its requests are allowed or refused as they say`() throws {
        let documents = try ResourceLoader.load(path: Self.folder.path).documents
        let configuration = try #require(try GatewayConfiguration.load(documents).first)
        let routes = RouteTable(configuration)
        func judge(_ request: JSONValue) throws -> DialectRefusal? {
            let path = try #require(request["path"]?.string)
            let body = try #require(request["body"])
            let stage = try #require(routes.find(authority: "any", path: path)?.guardrail)
            do {
                _ = try stage.judge(RequestBody(path: path, bytes: Array(body.document.bytes[body.range])))
                return nil
            } catch { return error }
        }
        let allowed = try Self.requests("allowed.jsonl")
        for request in allowed { #expect(try judge(request) == nil) }
        let refused = try Self.requests("refused.jsonl")
        for request in refused { #expect(try judge(request)?.rule == request["rule"]?.string) }
        #expect(allowed.count >= 3 && refused.count >= 8)
    }
}
