import Authorization
import Foundation
import ZeroTrust

/// One request of the cases, and what every engine has to say of it.
struct CaseRequest {
    let attributes: Attributes
    let isAllowed: Bool

    private struct Line: Decodable {
        let caller, method, path: String
        let allowed: Bool
    }

    static func load(_ file: String) throws -> [CaseRequest] {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let loopback = IPAddress(v4: 0x7f00_0001)
        return try text.split(separator: "\n").map { line in
            let request = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            return CaseRequest(
                attributes: Attributes(
                    caller: Caller(try SPIFFEID("spiffe://" + request.caller)),
                    method: request.method,
                    path: request.path,
                    authority: "inference.example",
                    source: loopback,
                    destination: .init(address: loopback, port: 8443)
                ),
                isAllowed: request.allowed
            )
        }
    }
}
