package import ZeroTrust

/// What stands around every page: whose node it is, who looks, and the way to the other pages.
package struct Frame: Sendable {
    /// The node's name.
    package var node = ""
    /// The trust domain.
    package var trustDomain = ""
    /// Who looks, as the record names them.
    package var viewer = ""
    /// What has to stand in every form.
    package var formToken = ""
    /// When the page is made.
    package var now: Timestamp
    /// The program's version.
    package var version = ""

    /// A frame at a moment.
    package init(now: Timestamp) {
        self.now = now
    }

    /// The pages that the head names.
    enum Tab: CaseIterable {
        case overview, findings, audit, identities, policies, models, datasets

        var name: String {
            switch self {
            case .overview: "Overview"
            case .findings: "Findings"
            case .audit: "Records"
            case .identities: "Identities"
            case .policies: "Policies"
            case .models: "Models"
            case .datasets: "Datasets"
            }
        }

        var path: ConsolePath {
            switch self {
            case .overview: .overview
            case .findings: .findings(all: false)
            case .audit: .audit(query: "", behind: nil)
            case .identities: .identities(from: 0)
            case .policies: .policies(from: 0)
            case .models: .models
            case .datasets: .datasets(from: 0)
            }
        }
    }

    /// A whole page.
    func page(_ title: String, tab: Tab?, hasScript: Bool = false, _ content: HTML) -> HTML {
        let tabs = Tab.allCases.map { other -> HTML in
            other == tab
                ? "<a href=\"\(other.path)\" aria-current=\"page\">\(other.name)</a>"
                : "<a href=\"\(other.path)\">\(other.name)</a>"
        }
        let head: HTML = """
            <header class="top"><div class="bar"><a class="brand" href="/">\(Icon.mark)Lapwing</a>
            <nav aria-label="Pages">\(tabs)</nav>
            <div class="who"><span>\(viewer)</span><form method="post" action="/leave"><input type="hidden" name="form" value="\(formToken)"><button class="plain small">Leave</button></form></div></div></header>
            """
        let foot: HTML = """
            <footer>Node <bdi>\(node)</bdi> of <bdi>\(trustDomain)</bdi>, Lapwing \(version). Made at \(TimeText.whole(now)); all times are UTC.</footer>
            """
        return Self.document(
            title,
            hasScript: hasScript,
            "\(head)<main id=\"main\">\(content)</main>\(foot)"
        )
    }

    /// A page without anything that is only for those who are let in.
    package static func message(_ title: String, _ paragraphs: [HTML]) -> HTML {
        let texts = paragraphs.map { paragraph -> HTML in "<p>\(paragraph)</p>" }
        return document(
            title,
            hasScript: false,
            """
            <header class="top"><div class="bar"><span class="brand">\(Icon.mark)Lapwing</span></div></header>
            <main id="main"><h1>\(title)</h1><div class="card">\(texts)</div></main>
            """
        )
    }

    /// The page after a token was taken: it goes on to the overview by itself, as a step of our own site, so that the
    /// strict cookie goes along wherever the link was followed from.
    package static let welcome: HTML = document(
        "The console opens",
        hasScript: false,
        refresh: "/",
        """
        <main id="main"><h1>The console opens</h1><p><a href="/">Go on</a></p></main>
        """
    )

    /// The page for a link that was followed from another site: the same link once more, as a step of our own site.
    package static func step(token: String) -> HTML {
        // Only what can be a token stands in a link of ours.
        let digits = String(token.prefix(64).filter { $0.isASCII && $0.isHexDigit })
        let place = "/open?token=" + digits
        return document(
            "The console opens",
            hasScript: false,
            refresh: place,
            """
            <main id="main"><h1>The console opens</h1><p><a href="\(place)">Go on</a></p></main>
            """
        )
    }

    private static func document(
        _ title: String,
        hasScript: Bool,
        refresh: String? = nil,
        _ content: HTML
    ) -> HTML {
        let script: HTML = hasScript ? "<script src=\"/script.js\" defer></script>" : ""
        let next: HTML = refresh.map { "<meta http-equiv=\"refresh\" content=\"0;url=\($0)\">" } ?? ""
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>\(title) · Lapwing</title><link rel="icon" href="/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/style.css">\(next)\(script)</head>
            <body><a class="away skip" href="#main">Skip to the content</a>\(content)</body></html>

            """
    }
}
