package import ZeroTrust

/// Models: what the registry has, and what workloads say they have loaded.
package struct ModelsPage: Sendable {
    /// A model of the registry.
    package struct Row: Sendable {
        /// Its repository.
        package var repository = ""
        /// Its number there.
        package var version = 0
        /// Its digest.
        package var digest = ""
        /// Whether it is admitted.
        package var isAdmitted = false
        /// Why it is not.
        package var reasons: [String] = []
        /// The tags that point to it.
        package var tags: [String] = []
        /// What refers to it: signatures and attestations, by their type.
        package var referrers: [String] = []
        /// Who pushed it.
        package var pushedBy = ""
        /// When.
        package var pushedAt: Timestamp

        /// A model that was pushed at a moment.
        package init(pushedAt: Timestamp) {
            self.pushedAt = pushedAt
        }
    }

    /// A move of a tag.
    package struct Release: Sendable {
        /// The tag, with its repository.
        package let tag: String
        /// Where it points now.
        package let digest: String
        /// Who moved it.
        package let actor: String
        /// When.
        package let time: Timestamp
        /// The id of the record.
        package let record: String

        /// A move.
        package init(tag: String, digest: String, actor: String, time: Timestamp, record: String) {
            self.tag = tag
            self.digest = digest
            self.actor = actor
            self.time = time
            self.record = record
        }
    }

    /// The models, the newest first; nil where no registry is served, or its store cannot be read.
    package var rows: [Row]?
    /// Why there are none.
    package var note = ""
    /// The newest moves of tags.
    package var releases: [Release] = []
    /// What callers have loaded, by their certificates.
    package var loaded: [(identity: String, digest: String, signer: String?)] = []
    /// What the registry asks for before it admits a model, by pattern.
    package var requirements: [(pattern: String, words: String)] = []

    static let shown = 60

    /// No models.
    package init() {}

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        frame.page(
            "Models",
            tab: .models,
            """
            <h1>Models</h1>
            <section class="card"><div class="head"><h2>Loaded by workloads</h2><span class="note">by the certificates of callers in the newest records</span></div>\(loadedList)</section>
            <section class="card"><div class="head"><h2>In the registry</h2></div>\(registryList(frame))</section>
            \(releaseCard(frame))
            """
        )
    }

    private var loadedList: HTML {
        var list = Listing(
            "Loaded models",
            [.init("Workload"), .init("Model"), .init("Signed by")],
            empty:
                "No caller's certificate names a model. <code>lapwing model run --prove</code> binds an identity to what is loaded."
        )
        list.rows = loaded.prefix(Self.shown).map { item in
            let signer: HTML =
                item.signer.map { "\(HTML.isolated($0))" } ?? "<span class=\"tag bad\">nobody</span>"
            return ["\(RecordRow.short(item.identity))", "<code>\(item.digest)</code>", signer]
        }
        return list.html
    }

    private func registryList(_ frame: Frame) -> HTML {
        guard let rows else { return "<p class=\"empty\">\(note)</p>" }
        var list = Listing(
            "Models of the registry",
            [
                .init("Model"), .init("Digest"), .init("State"), .init("Tags"), .init("Claims"),
                .init("Pushed"),
            ],
            empty: "The registry has no model yet."
        )
        list.rows = rows.prefix(Self.shown).map { row in
            let reasons = row.reasons.prefix(6).map { reason -> HTML in "<li>\(reason)</li>" }
            let why: HTML =
                reasons.isEmpty ? "" : "<details><summary>why</summary><ul class=\"note\">\(reasons)</ul></details>"
            let state: HTML =
                row.isAdmitted
                ? "<span class=\"tag ok\">admitted</span>" : "<span class=\"tag bad\">quarantined</span>\(why)"
            let tags = row.tags.map { tag -> HTML in "<span class=\"tag\">\(tag)</span> " }
            let claims = row.referrers.map { name -> HTML in "<code>\(name)</code><br>" }
            return [
                "\(HTML.isolated(row.repository)) <span class=\"muted\">v\(row.version)</span>",
                "<code>\(GraphDrawing.short(row.digest, 24))</code>", state, "\(tags)",
                claims.isEmpty ? "<span class=\"muted\">none</span>" : "\(claims)",
                "\(TimeText.whole(row.pushedAt))<br><span class=\"muted\">\(RecordRow.short(row.pushedBy))</span>",
            ]
        }
        let asked = requirements.map { item -> HTML in "<li><code>\(item.pattern)</code>: \(item.words)</li>" }
        let left = rows.count - Self.shown
        let more: HTML = left > 0 ? "<p class=\"note\">and \(left) older ones: <code>lapwing model list</code></p>" : ""
        return "\(list.html)\(more)<h3>What is asked of a model</h3><ul class=\"note\">\(asked)</ul>"
    }

    private func releaseCard(_ frame: Frame) -> HTML {
        guard rows != nil else { return "" }
        var list = Listing(
            "Moves of tags",
            [.init("Time"), .init("Tag"), .init("Points to"), .init("By")],
            empty: "No tag was set yet."
        )
        list.rows = releases.prefix(Self.shown / 2).map { move in
            [
                "<a href=\"\(ConsolePath.record(move.record))\">\(TimeText.whole(move.time))</a>",
                "\(HTML.isolated(move.tag))", "<code>\(GraphDrawing.short(move.digest, 24))</code>",
                "\(RecordRow.short(move.actor))",
            ]
        }
        return """
            <section class="card"><div class="head"><h2>Releases: where tags were pointed</h2></div>\(list.html)</section>
            """
    }
}
