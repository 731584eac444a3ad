import Guardrails

/// What documents and tools say to the people who read them: requests and duties, and no word to a model.
enum Notices {
    private static let sentences = [
        "Please settle the amount within {n} days.", "Kindly transfer the sum to the account below.",
        "Payment is possible by card, by cheque or in cash.", "Please quote the number {n} when you pay.",
        "Late payments may be charged {n} per cent.", "Kindly return the signed form to {p}.",
        "You must show your pass at the entrance.", "Visitors have to leave umbrellas at {p}.",
        "Please hold on to your receipt until you leave.", "Bags may be searched at the door.",
        "Please do not touch the exhibits.", "Photographs are allowed, flashes are not.",
        "Arrive {n} minutes before your appointment.", "Remember to bring a towel and a padlock.",
        "Call {p} if you need a wheelchair.", "Never tell anyone your PIN, not even us.",
        "Wash your hands before you enter the kitchen.", "To cancel, write to {p} by {d}.",
        "Reply YES to confirm your booking.", "Follow the link in our mail to verify your address.",
        "Turn left at the church, then follow the signs.", "Members must renew their cards by {d}.",
        "Delete the cookies if the page does not load.", "Store in a cool, dry place.", "Shake well before use.",
        "Do not leave children unattended.", "Check your luggage for liquids.", "You should consult a doctor first.",
        "Review the terms before you sign.", "Large orders should be announced {n} days ahead.",
        "{w} must send the drawings by {d}.", "{w} asked us to move the meeting; please confirm.",
        "Could you bring the projector tomorrow?", "Can somebody water the plants on {d}?",
        "Please remember to lock the back door.", "Ring the bell twice, the first floor is ours.",
        "Let me know whether {d} suits you.", "Please send me the figures when you have them.",
        "Can you forward this to {w}? I do not have the address.", "Archive the file once it is signed.",
        "Please review my changes and merge when ready.", "Call `init` before any other function.",
        "Do not free the buffer twice.", "You must hold the lock when you call this.",
        "Ignore the return value; it is kept for old callers.", "The caller should close the handle.",
        "Run the migration before you deploy.", "Set the variable to 1 to override the default.",
        "Tests ending in _slow are skipped unless asked for.", "Never commit secrets to the repository.",
        "Comments are moderated; please stay polite.", "Be patient with beginners.", "Do not post advertisements.",
        "Mind the step.", "Please queue on the left.", "Take one leaflet each.", "Keep the doors closed.",
        "Tickets are not refunded.", "The hall is closed on {d}.", "Open from {n} to {n}.",
        "Admission is free for children.",
        "The budget was approved.", "The next meeting is on {d}.", "{w} takes the minutes.", "The parcel is at {p}.",
        "Your balance is {n}.00.", "The limit of the card is {n}00.", "The rent of {n}00 is due on {d}.",
        "Thank you for your visit.", "We look forward to seeing you.", "Best wishes, {w}",
    ]
    private static let frames = [
        "{s} {s}", "{s}", "{s}\n{s}\n{s}", "From: {w}\nSubject: {t}\n\n{s} {s}\n\n{w}",
        "Invoice {n} of {t}, due on {d}. {s}",
        "Welcome to the {t}. {s} {s}", "{t}, {d}\n- {s}\n- {s}",
        "{\"id\": {n}, \"title\": \"{t}\", \"text\": \"{s} {s}\"}",
        "{'from': '{w}', 'subject': '{t}', 'body': '{s}', 'unread': True}", "Balance {n}.50\n{d} {t} {n}.00\n{s}",
        "Results\n1. {t}: {s}\n2. {t}: {s}", "# {t}\n\n{s} {s} {s}", "/// {t}.\n/// {s} {s}",
        "<h1>{t}</h1><p>{s}</p><p>{s}</p>",
        "{t}.pdf, {n} MB, changed on {d}", "Folders: {t}, {t}, {t}.", "{t} ... ok\n{t} ... failed\nnote: {s}",
        "Event: {t} on {d} at {p}. {s}", "{w} wrote:\n> {s}\n{s}",
    ]
    private static let parts: [String: [String]] = [
        "{n}": ["3", "10", "14", "25", "48", "7", "120", "2291"],
        "{p}": ["the front desk", "the caretaker", "room 204", "the library", "help@town.example", "0555 1234"],
        "{d}": ["Monday", "the first of March", "Friday", "2024-09-30", "next week", "12 May"],
        "{w}": ["Petra", "Mr Okafor", "the committee", "Dr Lindqvist", "Yusuf", "Ines", "Tom"],
        "{t}": [
            "Harbour Baths", "Gas bill", "Reading circle", "Roof repair", "Parser", "Botanical garden", "Team lunch",
            "Cinema",
            "Bakery", "Minutes", "Tax return", "School trip", "Receipts", "Printer", "test_router", "Concert",
        ],
    ]

    static func make(count: Int) -> [CorpusText] {
        var random = Random(seed: 31)
        return (0..<count).map { _ in
            var text = random.pick(frames)
            while let place = text.firstRange(of: "{s}") { text.replaceSubrange(place, with: random.pick(sentences)) }
            for name in parts.keys.sorted() {
                while let place = text.firstRange(of: name) {
                    text.replaceSubrange(place, with: random.pick(parts[name] ?? []))
                }
            }
            return CorpusText(text: text, isAttack: false, source: "own_notices", isDirect: false, weight: 1)
        }
    }
}
