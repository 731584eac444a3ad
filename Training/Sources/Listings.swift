/// What tools say in few words: what there is, and what was done, and nothing to anybody.
enum Listings {
    private static let kinds: [(name: String, items: [String])] = [
        (
            "Folders",
            ["Inbox", "Sent", "Drafts", "Archive", "Receipts", "Invoices", "Travel", "Family", "Trash", "Spam"]
        ),
        (
            "Files",
            ["a.txt", "notes.md", "report.pdf", "plan.docx", "photo-17.jpg", "backup.tar.gz", "data.csv", "main.py"]
        ),
        ("Labels", ["urgent", "later", "done", "waiting", "blocked", "bug", "question", "release"]),
        ("Channels", ["general", "random", "support", "announcements", "design", "deploys", "lunch"]),
        ("Branches", ["main", "develop", "feature/login", "fix-1120", "release-4.2", "hotfix"]),
        ("Tables", ["orders", "customers", "payments", "sessions", "audit_log", "products"]),
        ("Users", ["anna", "bob", "c.meyer", "service-account", "root", "guest", "yusuf"]),
        ("Accounts", ["Checking", "Savings", "Joint", "Credit card", "Travel fund"]),
        ("Albums", ["Summer", "Wedding", "Garden", "Hiking", "Screens", "Scans"]),
        ("Services", ["nginx", "postgresql", "cron", "ssh", "redis", "billing-api"]),
        ("Devices", ["Kitchen light", "Heating", "Front door", "Camera 2", "Printer"]),
        ("Lists", ["Groceries", "To do", "Books", "Customers", "Subscribers", "Presents"]),
        ("Projects", ["Website", "Migration", "Annual report", "Hiring", "Lease"]),
        ("Boards", ["Ideas", "Sprint 12", "Backlog", "Roadmap", "Incidents"]),
    ]
    private static let deeds = [
        "{x} was deleted.", "Deleted {n} items from {x}.", "Moved {n} files to {x}.", "Created {x}.", "{x} is empty.",
        "Renamed {x} to {y}.", "Sent. Message id {n}.", "Payment {n} is on its way.", "Nothing found in {x}.",
        "{n} rows affected.", "Saved {x} ({n} KB).", "Uploaded {x} to {y}.", "Access to {x} granted.", "OK, {n} ms",
        "{x}: permission denied", "error: {x} does not exist", "{n} of {n} tests passed.", "Unread in {x}: {n}",
        "{x} is shared with {n} people.", "Last change to {x}: {n} minutes ago.",
    ]

    static func make(count: Int) -> [CorpusText] {
        var random = Random(seed: 37)
        return (0..<count).map { _ in
            CorpusText(text: text(&random), isAttack: false, source: "own_listings", isDirect: false)
        }
    }

    private static func text(_ random: inout Random) -> String {
        let kind = random.pick(kinds)
        if random.below(3) == 0 {
            return random.pick(deeds).replacing("{x}", with: random.pick(kind.items))
                .replacing("{y}", with: random.pick(random.pick(kinds).items)).replacing(
                    "{n}",
                    with: "\(random.below(900))"
                )
        }
        var items = kind.items
        for _ in 0..<random.below(items.count - 1) { items.remove(at: random.below(items.count)) }
        let quoted = items.map { "\"\($0)\"" }.joined(separator: ", ")
        switch random.below(7) {
        case 0, 1: return "\(kind.name): \(items.joined(separator: ", "))."
        case 2: return "\(kind.name):\n" + items.map { "- \($0)" }.joined(separator: "\n")
        case 3: return items.joined(separator: "\n")
        case 4: return "{\"\(kind.name.lowercased())\": [\(quoted)]}"
        case 5: return "\(items.count) \(kind.name.lowercased()): \(items.joined(separator: ", "))"
        default: return items.map { "\($0)\t\(random.below(4000))" }.joined(separator: "\n")
        }
    }
}
