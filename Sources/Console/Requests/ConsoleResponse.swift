/// What the console answers.
package struct ConsoleResponse: Sendable {
    /// The status.
    package var status: Int
    /// What the body is.
    package var contentType: String
    /// Fields beside those that every answer has.
    package var headers: [(name: String, value: String)] = []
    /// The body.
    package var body: [UInt8]

    /// A page.
    package init(status: Int = 200, _ page: HTML) {
        self.status = status
        contentType = "text/html; charset=utf-8"
        body = Array(page.text.utf8)
    }

    /// Something that is no page.
    package init(status: Int = 200, contentType: String, text: String) {
        self.status = status
        self.contentType = contentType
        body = Array(text.utf8)
    }

    /// A file to keep.
    package init(file name: String, bytes: [UInt8]) {
        status = 200
        contentType = "application/octet-stream"
        body = bytes
        headers = [("content-disposition", "attachment; filename=\"\(name)\"")]
    }

    /// Leads to another place of the console.
    package init(to path: ConsolePath) {
        status = 303
        contentType = "text/plain; charset=utf-8"
        body = []
        headers = [("location", path.text)]
    }

    /// What every answer has: nothing is loaded, sent, framed or kept but what is ours.
    ///
    /// There is no inline script or style, and no sink that would make markup of a text (Trusted Types without a policy).
    package static let standingHeaders: [(name: String, value: String)] = [
        ("content-security-policy", contentSecurityPolicy),
        ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"), ("cache-control", "no-store"),
    ]

    package static let contentSecurityPolicy = [
        "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ].joined(separator: "; ")
}
