/// What a text with marked names teaches the tagger, place for place, as it will be asked.
package enum NameLessons {
    /// One question and its answer.
    package struct Lesson {
        package let features: NameFeatures
        /// Of an opening, the kind; else 1 where the name goes on.
        package let answer: Int
        package let isOpening: Bool
    }

    /// The lessons of a text; `names` are places of code points.
    ///
    /// Where it is not known of every word whether it is a name (`isWhole`), words that are in lists teach nothing but
    /// `ordinary` ones in small letters.
    package static func of(
        _ text: [Unicode.Scalar],
        names: [(range: Range<Int>, kind: NameKind)],
        lists: NameLists,
        ordinary: Set<UInt32>,
        isWhole: Bool
    ) -> [Lesson] {
        var plain = TextUnits()
        // Characters that are not seen are no units of their own, and would move places.
        let seen = text.map { UnseenCharacters.contains($0.value) ? "~" : $0 }
        plain.append(Array(String(String.UnicodeScalarView(seen)).utf8)[...])
        plain.finish()
        return unsafe plain.units.withUnsafeBufferPointer { units in
            // Sound: the reader lives within this closure.
            var reader = unsafe UnitReader(units, isFinal: true)
            return lessons(
                &reader,
                names.sorted { $0.range.lowerBound < $1.range.lowerBound },
                lists,
                ordinary,
                isWhole
            )
        }
    }

    private static func lessons(
        _ reader: inout UnitReader,
        _ names: [(range: Range<Int>, kind: NameKind)],
        _ lists: NameLists,
        _ ordinary: Set<UInt32>,
        _ isWhole: Bool
    ) -> [Lesson] {
        var lessons: [Lesson] = []
        var place = 0
        var next = 0
        while place < reader.count {
            reader.begin(at: place)
            let word = NameWord.at(place, &reader)
            while next < names.count, names[next].range.upperBound <= place { next += 1 }
            let name = next < names.count && names[next].range.contains(place) ? names[next] : nil
            defer { place = max(word.end, place + 1) }
            guard word.isWord, place == 0 || !NameWord.isPart(reader.before(place)),
                NameTagger.mayOpen(word, lists, &reader)
            else { continue }
            if name == nil, !isWhole, lists.membership(word.hash) & 15 != 0,
                word.shape != .lower || !ordinary.contains(word.hash)
            {
                continue
            }
            lessons.append(
                Lesson(
                    features: .opening(word, lists, &reader),
                    answer: name?.kind.rawValue ?? 0,
                    isOpening: true
                )
            )
            guard let name, name.range.lowerBound == place else { continue }
            // Whether it goes on, up to the first word behind it.
            var last = word
            var count = 1
            while let (more, separator) = NameTagger.step(after: last, from: place, &reader) {
                let isPart = more.start < name.range.upperBound
                lessons.append(
                    Lesson(
                        features: .going(
                            on: more,
                            after: last,
                            from: word,
                            kind: name.kind,
                            count: count,
                            separator: separator,
                            lists,
                            &reader
                        ),
                        answer: isPart ? 1 : 0,
                        isOpening: false
                    )
                )
                if !isPart { break }
                last = more
                count += 1
            }
        }
        return lessons
    }
}

extension NameTagger {
    /// The names of a text alone, by places of code points: what training is judged by.
    package func names(in text: [Unicode.Scalar]) -> [(range: Range<Int>, kind: NameKind)] {
        var plain = TextUnits()
        let seen = text.map { UnseenCharacters.contains($0.value) ? "~" : $0 }
        plain.append(Array(String(String.UnicodeScalarView(seen)).utf8)[...])
        plain.finish()
        return unsafe plain.units.withUnsafeBufferPointer { units in
            // Sound: the reader lives within this closure.
            var reader = unsafe UnitReader(units, isFinal: true)
            var found: [(range: Range<Int>, kind: NameKind)] = []
            var place = 0
            while place < units.count {
                reader.begin(at: place)
                if NameWord.isPart(reader[place]), !NameWord.isPart(reader.before(place)),
                    let name = name(&reader, at: place, isWanted: { _ in true }, isOther: { _, _ in false })
                {
                    found.append((place..<name.end, name.kind))
                    place = name.end
                } else {
                    place += 1
                }
            }
            return found
        }
    }
}
