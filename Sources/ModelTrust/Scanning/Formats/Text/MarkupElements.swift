/// What markup may hold, by a list: elements and attributes that name no other file to a reader and run nothing.
///
/// It is asked of texts that begin as markup does; in prose, `<` is a sign like another. A word in brackets that is on no
/// list, `<your-token>`, stands for itself as long as it has no attributes.
enum MarkupElements {
    private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    /// Elements of documents that show and link.
    private static let document = words(
        """
        a abbr b blockquote body br caption cite code col colgroup dd del details div dl dt em figcaption figure footer h1 h2 \
        h3 h4 h5 h6 head header hr html i img ins kbd li main mark nav ol p picture pre q s samp section small source span \
        strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var video audio center font article
        """
    )
    /// Attributes of those, beside `href` and `src`.
    private static let documentAttributes = words(
        """
        align alt autoplay bgcolor border cellpadding cellspacing class clear color colspan controls datetime dir face height \
        hspace id lang loading loop media muted name nowrap open playsinline poster preload rel role rowspan scope size sizes \
        span srcset start style target title type valign value vspace width
        """
    )
    /// What runs or fetches without an attribute, and what browsers read as something else than elements within.
    private static let hostile = words(
        "script style svg math base meta link template noscript xmp plaintext textarea title iframe noembed noframes"
            + " frameset form"
    )

    /// Attributes under which a reader of XML looks for other files.
    private static let reaching = words(
        "href src xlink:href xml:base schemalocation xsi:schemalocation nonamespaceschemalocation"
            + " xsi:nonamespaceschemalocation system public uri url"
    )

    /// The namespaces of models that are XML.
    private static let namespaces = ["http://www.dmg.org/PMML", "http://www.w3.org/2001/XMLSchema-instance"]

    /// Roots of models that are XML: OpenVINO's and PMML.
    private static let models: Set<String> = ["net", "pmml"]

    /// The first thing in the markup that is on no list; nil where there is none.
    static func first(in bytes: [UInt8]) -> String? {
        var reader = MarkupReader(bytes)
        var isOfModel: Bool?
        while let tag = reader.next() {
            switch tag {
            case .fault(let text): return text
            case .element(let name, let attributes):
                let lower = name.lowercased()
                let isModel = isOfModel ?? models.contains(lower)
                isOfModel = isModel
                if hostile.contains(lower) { return "<\(name)>" }
                if !isModel, !document.contains(lower), !attributes.isEmpty { return "<\(name) …>" }
                for (attribute, value) in attributes {
                    let key = attribute.lowercased()
                    let isFine =
                        isModel ? isModelAttribute(key, value) : isDocumentAttribute(key, value)
                    if !isFine { return "\(name) \(attribute)" }
                }
            }
        }
        return nil
    }

    private static func isModelAttribute(_ key: String, _ value: String) -> Bool {
        if key == "xmlns" || key.hasPrefix("xmlns:") { return namespaces.contains(where: value.hasPrefix) }
        if key == "xsi:schemalocation" { return value.split(separator: " ").allSatisfy { isOfPMML(String($0)) } }
        return !reaching.contains(key) && !key.hasPrefix("on") && !value.contains("&#")
    }

    /// The group that publishes PMML and its schemas.
    private static func isOfPMML(_ place: String) -> Bool {
        ["http://www.dmg.org/", "http://dmg.org/", "https://www.dmg.org/", "https://dmg.org/"].contains(
            where: place.hasPrefix
        )
    }

    private static func isDocumentAttribute(_ key: String, _ value: String) -> Bool {
        if documentAttributes.contains(key) {
            // A style fetches by `url()`, and scripts stood in it once.
            return key != "style"
                || !value.lowercased().contains("url(") && !value.lowercased().contains("expression")
                    && !value.contains("\\")
        }
        if key.hasPrefix("data-") || key.hasPrefix("aria-") { return true }
        guard key == "href" || key == "src" else { return false }
        let scheme = value.drop { $0.isWhitespace }.prefix { $0 != ":" && $0 != "/" && $0 != "#" && $0 != "?" }
        guard !scheme.contains("&") else { return false }
        let rest = value.drop { $0.isWhitespace }.dropFirst(scheme.count)
        return rest.first != ":" || ["http", "https", "mailto"].contains(scheme.lowercased())
    }
}
