import Foundation
import Testing

/// A console that is open, as a client without a browser uses it.
struct ConsoleClient {
    let port: Int
    let host: String
    var cookie = ""
    /// The files of the certificate that is shown, and of its key; empty for plain HTTP.
    var certificate: [String] = []

    /// What was answered.
    struct Answer {
        let status: Int
        let head: String
        let body: String
    }

    /// A request.
    func ask(
        _ path: String,
        host: String? = nil,
        method: String = "GET",
        form: String? = nil,
        headers: [String] = [],
        seconds: Int = 20
    ) throws -> Answer {
        var arguments = ["-s", "-i", "-m", "\(seconds)", "-H", "Host: \(host ?? "\(self.host):\(port)")"]
        if !cookie.isEmpty { arguments += ["-H", "Cookie: \(cookie)"] }
        for header in headers { arguments += ["-H", header] }
        if method == "HEAD" { arguments += ["-I"] } else if method != "GET" { arguments += ["-X", method] }
        if let form { arguments += ["--data-raw", form] }
        let result = try Program.run(arguments + tls + [url(path)], program: "/usr/bin/curl").output
        let parts = result.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let head = parts.first.map(String.init) ?? ""
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Answer(status: status, head: head, body: parts.count == 2 ? String(parts[1]) : "")
    }

    /// Where a path is.
    func url(_ path: String) -> String { "\(certificate.isEmpty ? "http" : "https")://127.0.0.1:\(port)\(path)" }

    /// What curl is told of TLS: which certificate the console has, this test knows from elsewhere.
    var tls: [String] {
        certificate.count == 2 ? ["-k", "--cert", certificate[0], "--key", certificate[1]] : []
    }

    /// Takes the cookie of a token.
    mutating func enter(_ token: String) throws {
        let answer = try ask("/open?token=\(token)")
        try #require(answer.status == 200, "\(answer.head)")
        let field = try #require(
            answer.head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("set-cookie:") }
        )
        #expect(field.contains("HttpOnly") && field.contains("SameSite=Strict"))
        cookie = String(field.split(separator: " ")[1].prefix { $0 != ";" })
    }

    /// What has to stand in this session's forms.
    func formToken() throws -> String {
        let page = try ask("/findings").body
        return String(try #require(page.firstMatch(of: /name="form" value="([0-9a-f]{64})"/)?.1))
    }
}

/// A link that `lapwing console` printed, taken apart.
struct ConsoleLink {
    let host: String
    let port: Int
    let token: String

    /// A link, as it was printed.
    init(text: String) throws {
        let match = try #require(text.firstMatch(of: /http:\/\/([a-z0-9.-]+):([0-9]+)\/open\?token=([0-9a-f]{64})/))
        (host, port, token) = (String(match.1), try #require(Int(match.2)), String(match.3))
    }

    /// A link of an installation, as a user.
    init(_ places: [String], as uid: UInt32? = nil) throws {
        let words = ["console"] + places
        let result =
            try uid.map {
                try Program.run(
                    ["--reuid", "\($0)", "--regid", "\($0)", "--clear-groups", try Program.path] + words,
                    program: "/usr/bin/setpriv"
                )
            } ?? Program.run(words)
        try #require(result.status == 0, "\(result.errors)")
        try self.init(text: result.output)
    }

    var client: ConsoleClient { ConsoleClient(port: port, host: host) }
}
