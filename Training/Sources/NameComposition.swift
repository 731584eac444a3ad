import Foundation
import Guardrails

/// A text in which names are marked.
struct NamedText {
    /// A name, by places of code points.
    struct Name {
        var range: Range<Int>
        var kind: NameKind
    }

    var text: [Unicode.Scalar] = []
    var names: [Name] = []
    /// Texts of one number are left out of training together.
    var group = -1
    /// Whether what is not marked is known to be no name.
    var isWhole = true

    mutating func add(_ part: String) { text += part.unicodeScalars }

    mutating func add(_ name: String, _ kind: NameKind) {
        let start = text.count
        add(name)
        names.append(Name(range: start..<text.count, kind: kind))
    }
}

/// The lists of `names.txt`.
struct NameSource {
    private(set) var lists: [NameLists.List: [String]] = [:]

    init(_ text: String) {
        var list: NameLists.List?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("[") {
                list = NameLists.List.allCases.first { "[\($0)]" == line }
            } else if let list {
                lists[list, default: []].append(String(line))
            }
        }
    }

    /// The lists as the tagger has them, with all names or with three of four.
    ///
    /// A tagger that learns from names of which a fourth is in no list does not rely on lists alone.
    func tables(whole: Bool, without common: Set<UInt32>) -> NameLists {
        var tables = NameLists()
        for list in NameLists.List.allCases {
            for (index, name) in (lists[list] ?? []).enumerated() where whole || index % 4 != 3 {
                tables.add(name, to: list, without: common)
            }
        }
        for name in NameSeeds.firms + NameSeeds.knownFirms { tables.add(name, to: .firm, without: common) }
        for name in NameSeeds.places { tables.add(name, to: .town, without: common) }
        for name in NameSeeds.countries { tables.add(name, to: .country, without: common) }
        return tables
    }
}

/// Puts texts with names together, from sentences of our own and lists.
struct NameComposition {
    let source: NameSource
    /// Words that are no names.
    let words: [String]
    var random: Random

    private mutating func pick(_ list: NameLists.List) -> String { random.pick(source.lists[list] ?? [""]) }

    mutating func make(_ count: Int) -> [NamedText] {
        (0..<count).map { index in
            var made = NamedText()
            let parts = random.below(3) + 1
            for part in 0..<parts {
                if part > 0 { made.add(random.pick([" ", "\n", "\n\n"])) }
                let kind = random.below(12)
                fill(
                    random.pick(kind < 4 ? NameSeeds.frames : kind < 6 ? NameSeeds.placed : NameSeeds.sentences),
                    &made
                )
            }
            // Many write everything small, and some everything large.
            let style = random.below(100)
            if style < 18 { made.text = made.text.flatMap { cased($0, $0.properties.lowercaseMapping) } }
            if style > 93 { made.text = made.text.flatMap { cased($0, $0.properties.uppercaseMapping) } }
            return made
        }
    }

    /// The same number of code points, so that places stay.
    private func cased(_ scalar: Unicode.Scalar, _ mapping: String) -> [Unicode.Scalar] {
        let mapped = Array(mapping.unicodeScalars)
        return mapped.count == 1 ? mapped : [scalar]
    }

    /// Writes a sentence, in which `{P}` is a person, `{F}` a family name, `{G}` a given one, `{T}` a title with a name,
    /// `{L}` a place, `{C}` a country, `{O}` an organisation, `{A}` an address, `{N}` a group, `{D}` a number, `{w}` a word and `{W}` one with a
    /// capital.
    private mutating func fill(_ sentence: String, _ made: inout NamedText) {
        var rest = sentence[...]
        while let open = rest.firstIndex(of: "{") {
            made.add(String(rest[..<open]))
            let mark = rest[rest.index(after: open)]
            switch mark {
            case "P": made.add(person(), .person)
            case "F": made.add(pick(.family), .person)
            case "G": made.add(given(), .person)
            case "T":
                made.add(
                    random.pick([
                        "Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Mr", "Mrs", "Herr", "Frau", "Mme", "Señor", "Miss",
                        "Sir",
                    ])
                        + " " + (random.below(2) == 0 ? pick(.family) : person()),
                    .person
                )
            case "L": made.add(town(), .location)
            case "C": made.add(random.below(10) == 0 ? random.pick(NameSeeds.countries) : pick(.country), .location)
            case "O": made.add(firm(), .organization)
            case "A": address(&made)
            case "w": made.add(random.pick(words))
            case "W": made.add(random.pick(words).capitalized)
            case "N": made.add(random.pick(NameSeeds.groups), .group)
            default: made.add(String(random.below(random.below(2) == 0 ? 60 : 9000) + 1))
            }
            rest = rest[rest.index(open, offsetBy: 3)...]
        }
        made.add(String(rest))
    }

    private mutating func given() -> String {
        random.below(12) == 0 ? pick(.given) + "-" + pick(.given) : pick(.given)
    }

    private mutating func person() -> String {
        let letters = ["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "T", "V", "W"]
        switch random.below(20) {
        case 0: return given() + " " + random.pick(letters) + ". " + pick(.family)
        case 1: return random.pick(letters) + ". " + pick(.family)
        case 2:
            return given() + " "
                + random.pick(["van", "van der", "de", "von", "di", "da", "dos", "el", "bin", "de la", "Mc", "Le"])
                + " " + pick(.family)
        case 3: return given() + " " + pick(.family) + "-" + pick(.family)
        case 4: return given() + " " + given() + " " + pick(.family)
        case 5: return given() + " " + pick(.family) + random.pick([" Jr.", " Sr.", " III", ", PhD", ", MD", " PhD"])
        case 6: return given()
        default: return given() + " " + pick(.family)
        }
    }

    private mutating func town() -> String {
        switch random.below(16) {
        case 0:
            return random.pick(["San", "Santa", "New", "Saint", "St.", "Bad", "North", "El", "Las", "Villa", "Port"])
                + " " + pick(.town)
        case 1: return pick(.town).uppercased()
        case 2:
            return pick(.town)
                + random.pick([" di ", " de ", " del ", " am ", " on ", " upon ", "-sur-", " do ", "-", " "])
                + pick(.town)
        case 3: return pick(.town) + ", " + pick(.country)
        case 4: return random.pick(NameSeeds.places)
        default: return pick(.town)
        }
    }

    private mutating func firm() -> String {
        switch random.below(14) {
        case 0: return pick(.family) + ", " + pick(.family) + " and " + pick(.family)
        case 1:
            return pick(.family)
                + random.pick([" Ltd.", " Inc.", " LLC", " GmbH", " PLC", " Group", " & Sons", "-" + pick(.family)])
        case 2, 3: return random.pick(NameSeeds.firmHeads) + random.pick(NameSeeds.firmTails)
        case 4: return random.pick(NameSeeds.firmWords) + " " + random.pick(NameSeeds.firmWords)
        case 5: return random.pick(NameSeeds.firmWords) + " " + random.pick(NameSeeds.firmEnds)
        case 6:
            return random.pick([
                "Department of ", "Ministry of ", "University of ", "Bank of ", "Institute of ", "Office of ",
            ]) + (random.below(2) == 0 ? random.pick(NameSeeds.firmWords) : pick(.town))
        case 7:
            return pick(.town)
                + random.pick([
                    " University", " Hospital", " Council", " Airport", " Police Department", " School District",
                    " Bank", " FC",
                ])
        case 8, 9, 10: return random.pick(random.below(5) == 0 ? NameSeeds.firms : NameSeeds.knownFirms)
        default: return pick(.firm)
        }
    }

    private mutating func address(_ made: inout NamedText) {
        var text = ""
        let gap = random.pick([" ", ", ", "\n", "\n ", "\n, "])
        if random.below(4) == 0 { text += String(random.below(99) + 1) + " " }
        switch random.below(12) {
        case 0: text += "P.O. Box \(random.below(9000) + 1)"
        case 1:
            return made.add(
                "the corner of " + pick(.street) + " and " + pick(.family)
                    + random.pick([" Street", " Road", " Avenue"]),
                .address
            )
        case 2:
            text +=
                random.pick(["PSC ", "Unit ", "CMR "]) + "\(random.below(9000) + 999), Box \(random.below(9000) + 99)\n"
                + random.pick(["APO", "FPO", "DPO"]) + random.pick([" AE", " AP", " AA"])
                + " \(random.below(89_999) + 10_000)"
        case 3:
            text +=
                pick(.family)
                + random.pick([" Street", " Road", " Avenue", " Lane", "straße", "strasse", "gatan", "laan", "weg"])
                + " \(random.below(200) + 1)"
        case 4:
            text +=
                random.pick(["Via ", "Rua ", "Calle ", "Rue ", "Avenida ", "Rue de ", "ul. ", "Piazza ", "Carrer de "])
                + pick(.family) + " \(random.below(200) + 1)"
        default: text += pick(.street)
        }
        if random.below(2) == 0 {
            text +=
                gap + random.pick(["Apt. ", "Suite ", "Apt ", "Floor ", "Unit ", "#"]) + String(random.below(999) + 1)
        }
        if random.below(3) > 0 { text += gap + town() }
        if random.below(4) == 0 {
            text += gap + random.pick(["CA", "NY", "TX", "LA", "BC", "AB", "SH", "BZ", "VA", "nan", "NSW", "WLG"])
        }
        if random.below(3) == 0 { text += gap + pick(.country) }
        if random.below(2) == 0 { text += " " + String(random.below(89_999) + 10_000) }
        made.add(text, .address)
    }
}
