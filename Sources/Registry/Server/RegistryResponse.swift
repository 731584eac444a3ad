import Foundation
import NIOHTTP1

/// What a request is answered with.
struct RegistryResponse {
    var status: Int
    var headers: HTTPHeaders
    var body: Body

    /// The content of an answer.
    enum Body {
        case none
        case bytes([UInt8])
        case blob(BlobReader)
        /// None, but the headers say the length of what a GET would bring.
        case headOnly
    }

    init(_ status: Int, _ headers: HTTPHeaders = [:], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A value as JSON.
    static func json(
        _ value: some Encodable,
        status: Int = 200,
        contentType: String = "application/json",
        headers: HTTPHeaders = [:]
    ) throws -> RegistryResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var headers = headers
        headers.replaceOrAdd(name: "content-type", value: contentType)
        return RegistryResponse(status, headers, body: .bytes(Array(try encoder.encode(value))))
    }

    /// A refusal in the specification's form.
    static func error(_ error: RegistryError) -> RegistryResponse {
        struct Form: Encodable {
            struct Entry: Encodable { let code, message: String }
            let errors: [Entry]
        }
        let form = Form(errors: [.init(code: error.code.rawValue, message: error.message)])
        return (try? .json(form, status: error.status)) ?? RegistryResponse(error.status)
    }
}
