package import ZeroTrust

/// A request to the console, as far as anything is made of it.
package struct ConsoleRequest: Sendable {
    /// The method.
    package var method: String
    /// The path without the query, as it was sent.
    package var path: String
    /// The query's fields.
    package var query: FormText
    /// Values of `Host`, one for each time that it was sent.
    package var hosts: [String]
    /// The values of `Origin`.
    package var origins: [String] = []
    /// What the browser says of where the request comes from (`Sec-Fetch-Site`).
    package var fetchSite: String?
    /// The cookies, as they were sent.
    package var cookies: [String] = []
    /// The address of ours that it came to.
    package var localAddress: IPAddress?
    /// The last event that a reader of events has got.
    package var lastEvent: String?
    /// What the body is.
    package var contentType = ""
    /// The body.
    package var body: [UInt8] = []

    /// A request without a body.
    package init(method: String, target: String, hosts: [String]) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? ""
        query = FormText(parts.count == 2 ? String(parts[1]) : "")
        self.hosts = hosts
    }

    /// The fields of the form that was sent; nil where the body is no form.
    package var form: FormText? {
        let type = contentType.prefix { $0 != ";" }.lowercased()
        guard type == "application/x-www-form-urlencoded", let text = String(validating: body, as: UTF8.self) else {
            return nil
        }
        return FormText(text)
    }

    /// The value of a cookie, where it was sent once.
    package func cookie(_ name: String) -> String? {
        let values = cookies.flatMap { $0.split(separator: ";") }.compactMap { pair -> String? in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let found = parts[0].drop { $0 == " " }
            return parts.count == 2 && found == name ? String(parts[1]) : nil
        }
        return values.count == 1 ? values[0] : nil
    }
}
