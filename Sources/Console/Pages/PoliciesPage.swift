/// Policies, and what they say of a request that nobody sent.
package struct PoliciesPage: Sendable {
    /// A policy in the list.
    package struct Row: Sendable {
        /// Its namespace.
        package let namespace: String
        /// Its name.
        package let name: String
        /// What kind of resource it is.
        package let kind: String
        /// What it does: `ALLOW`, `STRICT`.
        package let action: String
        /// Whether it is on trial.
        package let isDryRun: Bool
        /// How many rules it has.
        package let rules: Int
        /// The gateways that it holds for.
        package let gateways: [String]
        /// Where it stands.
        package let place: String

        /// A policy.
        package init(
            namespace: String,
            name: String,
            kind: String,
            action: String,
            isDryRun: Bool,
            rules: Int,
            gateways: [String],
            place: String
        ) {
            self.namespace = namespace
            self.name = name
            self.kind = kind
            self.action = action
            self.isDryRun = isDryRun
            self.rules = rules
            self.gateways = gateways
            self.place = place
        }
    }

    /// A question to the policies in force.
    package struct Question: Sendable {
        /// Which gateway is asked.
        package var gateway = ""
        /// The caller's SPIFFE ID.
        package var from = ""
        /// The method.
        package var method = "POST"
        /// The URL.
        package var url = ""

        /// Nothing asked.
        package init() {}
    }

    /// The policies.
    package var rows: [Row] = []
    /// The gateways, and what holds where no policy allows.
    package var gateways: [(name: String, identity: String, isDefaultDeny: Bool)] = []
    /// What was asked.
    package var question = Question()
    /// The answer, rule by rule; nil where nothing was asked.
    package var answer: (isAllowed: Bool, text: String)?
    /// Why there is no answer; empty where there is one, or nothing was asked.
    package var problem = ""
    /// How many of the policies stand on pages before.
    package var first = 0
    /// The digest of the configuration in force.
    package var digest = ""

    static let shown = 150

    /// No policies.
    package init() {}

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        var list = Listing(
            "Policies",
            [.init("Policy"), .init("Does"), .init("Rules", isNumber: true), .init("Holds for"), .init("Stands at")],
            empty: "There is no policy, so that nobody may call."
        )
        let stretch = Stretch(from: first, of: rows.count, size: Self.shown)
        list.rows = stretch(rows).map { row in
            let trial: HTML = row.isDryRun ? " <span class=\"tag\">on trial</span>" : ""
            let name: HTML =
                row.kind == "AuthorizationPolicy"
                ? "<a href=\"\(ConsolePath.policy(namespace: row.namespace, name: row.name))\">\(row.namespace)/\(row.name)</a>"
                : "\(row.namespace)/\(row.name)<br><span class=\"muted\">\(row.kind)</span>"
            let isDeny = row.action == "DENY"
            return [
                name, "<span class=\"tag \(isDeny ? "bad" : "")\">\(row.action)</span>\(trial)", "\(row.rules)",
                "\(row.gateways.isEmpty ? "no gateway here" : row.gateways.joined(separator: ", "))",
                "<code>\(row.place)</code>",
            ]
        }
        let more = stretch.links(of: rows.count) { .policies(from: $0) }
        return frame.page(
            "Policies",
            tab: .policies,
            """
            <h1>Policies</h1>\(ask)
            <section class="card"><div class="head"><h2>\(rows.count) in force</h2><span class="note">configuration <code>\(String(digest.prefix(12)))</code></span></div>\(list.html)\(more)</section>
            """
        )
    }

    private var ask: HTML {
        let options = gateways.map { gateway -> HTML in
            gateway.name == question.gateway
                ? "<option selected>\(gateway.name)</option>" : "<option>\(gateway.name)</option>"
        }
        let methods = ["POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TCP"].map { method -> HTML in
            method == question.method ? "<option selected>\(method)</option>" : "<option>\(method)</option>"
        }
        let said: HTML
        if let answer {
            let words: HTML = answer.isAllowed ? "allowed" : "denied"
            said = """
                <p class="say \(answer.isAllowed ? "ok" : "bad")" role="status">It would be <strong>\(words)</strong>.</p><pre tabindex="0">\(HTML.lines(answer.text))</pre>
                """
        } else {
            said = problem.isEmpty ? "" : "<p class=\"say bad\" role=\"alert\">\(problem)</p>"
        }
        let defaults = gateways.map { gateway -> HTML in
            gateway.isDefaultDeny
                ? "<li><code>\(gateway.identity)</code>: <span class=\"tag ok\">default deny</span></li>"
                : "<li><code>\(gateway.identity)</code>: <span class=\"tag bad\">allows where no policy does</span></li>"
        }
        return """
            <section class="card"><div class="head"><h2>Would a request be let through?</h2></div><form class="ask" method="get" action="/policies">
            <div><label for="g">Gateway</label><select id="g" name="gateway">\(options)</select></div><div><label for="m">Method</label><select id="m" name="method">\(methods)</select></div>
            <div class="wide"><label for="f">Caller's SPIFFE ID; empty for one without an identity</label><input id="f" name="from" value="\(question.from)" maxlength="2048" autocomplete="off" spellcheck="false"></div>
            <div class="wide"><label for="u">URL</label><input id="u" name="url" value="\(question.url)" placeholder="https://inference/v1/predict" maxlength="4096" autocomplete="off" spellcheck="false"></div><div><button>Explain</button></div></form>\(said)<ul class="note">\(defaults)</ul></section>
            """
    }
}
