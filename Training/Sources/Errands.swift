import Guardrails

/// What people ask of an assistant that can do things: orders, full of the verbs that attacks use, and innocent.
enum Errands {
    private static let patterns = [
        "Run {c} and tell me which ones break.", "Execute {c} in the repository and paste the output here.",
        "Please run {c}, then fix the first failure.", "Delete the files in {f} that are older than a month.",
        "Remove everything from {f} except the drafts.", "Delete all of {f}.", "What is on {u}?",
        "What does {u} say about {d}?",
        "What can I read on {u}?", "Tell {m} nothing about it.", "Say thanks to {w}.",
        "Empty {f} and keep a copy of what was in it.",
        "Clean up {f}; nobody needs those any more.", "Move all of {f} to the archive and do not tell {w} yet.",
        "Send {d} to {m}.", "Forward {d} to {m} and ask for a signature.", "Email {m} that we will be late.",
        "Reply to {w} and say that I agree, nothing else.", "Write to {m} that the order of {d} is cancelled.",
        "Share {d} with {w}, read only.", "Give {w} access to {d} until Friday.",
        "Transfer {a} to {w} for {d}.", "Pay the open bill of {w}, it is {a}.", "Raise the limit of my card to {a}.",
        "Move {a} from savings to the joint account.", "Cancel the standing order to {w}.",
        "What did {w} say about {d}?", "Find the mail in which {w} sent {d}.",
        "Show me everything that {w} wrote this week.",
        "Open {u} and summarise it.", "Fetch {u} and list the prices.", "Check whether {u} is still online.",
        "Post \"{s}\" on the team's board.", "Leave a comment below {d} that says: {s}", "Publish {d} on {u}.",
        "Create a file named notes.md with the text: {s}", "Add {s} to the top of {d}.", "Rename {d} to final.",
        "Reset the password of the account of {w}.", "Disable the alarm of the office until nine.",
        "Turn off the notifications of {f}.", "Set the status of {d} to closed.", "Approve the holiday request of {w}.",
        "Schedule a call with {w} on Tuesday and send {d} beforehand.", "Book the small room and invite {w} and {m}.",
        "Print the configuration of {c} and explain each line.", "Show the environment variables that {c} needs.",
        "Explain what {d} instructs the reader to do.", "Translate {d} and keep the instructions as they are.",
        "Ignore {f} and look only at {d}.", "Forget what I said about {d}; use the old version.",
        "Do not mention {w} in the summary of {d}.", "Tell {w} nothing of {d}, please.",
        "Repeat the last step with {d}.", "Start over with {d} and leave {f} alone.",
        "Grant the tester a login for {u}.",
        "Update {d} from {u} and tell me what changed.", "Download the report from {u} into {f}.",
        "Delete everything that {w} put into {f}.", "Wipe {f} and say nothing to {m}.", "Erase {d} for good.",
        "Throw away all that is left in {f}.", "Destroy the old copies of {d}.", "Shred what is in {f}.",
        "Clear {f}; {w} must not hear of it before Friday.", "Purge {f} without asking me again.",
        "Keep {d} to yourself; {m} gets nothing.", "Do not answer {m} at all.", "Hide {d} from {w} for now.",
        "Nobody but {w} should hear about {d}.", "Delete all mails from {m} and block the sender.",
        "Overwrite {d} with an empty file.", "Stop {c} at once and remove its cache.", "Kill {c} and start it again.",
        "Do exactly what {w} asked for in {d}.", "Unsubscribe me from everything that {m} sends.",
        "Log in to {u} with my usual account and cancel all of March.", "Send {m} everything that is in {f}.",
        "Which of the instructions in {d} are still valid?", "Is anything in {f} waiting for my answer?",
    ]
    private static let parts: [String: [String]] = [
        "{c}": [
            "`npm run lint`", "`cargo check`", "the integration suite", "`pytest -x tests/api`", "the nightly job",
            "`swift build`", "the smoke tests", "`go vet ./...`", "the database migration", "`terraform plan`",
        ],
        "{f}": [
            "the folder Receipts", "my spam folder", "/var/tmp/uploads", "the shared drive", "the downloads",
            "the inbox",
            "the directory build", "the trash", "the album from March", "the channel general",
        ],
        "{d}": [
            "the minutes", "the offer for the bakery", "invoice 2291", "the floor plan", "the contract with the school",
            "the slides", "ticket 518", "the survey", "the travel plan", "chapter three", "the price list",
        ],
        "{m}": [
            "lea.braun@hotel.example", "team-blue@works.example", "office@clinic.example", "tom@garden.example",
            "my tax adviser", "the landlord", "r.singh@college.example", "the printers",
        ],
        "{w}": [
            "Petra", "Mr Okafor", "the plumber", "my sister", "the new intern", "Dr Lindqvist", "Yusuf", "the auditor",
        ],
        "{a}": ["45 euros", "1,250 dollars", "the usual amount", "300 francs", "18.90", "two thousand pounds"],
        "{u}": [
            "https://timetable.city.example", "the page of the swimming pool", "docs.builder.example/setup",
            "http://intranet/wiki/rota", "the shop's website", "status.cloud.example",
        ],
        "{s}": [
            "we meet at noon", "thanks to everyone who helped", "the lift is broken again", "hello world",
            "see the appendix for details", "welcome back",
        ],
    ]

    /// Each pattern some times, and then two of them in one sentence.
    static func make(from random: inout Random, each count: Int) -> [String] {
        var errands: [String] = []
        for pattern in patterns {
            for _ in 0..<count { errands.append(filled(pattern, &random)) }
        }
        for _ in 0..<patterns.count * count / 2 {
            let first = filled(random.pick(patterns), &random).dropLast()
            let second = filled(random.pick(patterns), &random)
            errands.append(first + ", and " + second.prefix(1).lowercased() + second.dropFirst())
        }
        return errands
    }

    private static func filled(_ pattern: String, _ random: inout Random) -> String {
        var text = pattern
        for name in parts.keys.sorted() {
            while let place = text.firstRange(of: name) {
                text.replaceSubrange(place, with: random.pick(parts[name] ?? []))
            }
        }
        return text
    }
}
