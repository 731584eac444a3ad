/// Public resolvers of DNS over HTTPS, by which a workload could look up names, and send data in them, unseen.
///
/// They are refused under their own reason unless an entry declares that very host; a wildcard does not.
enum KnownResolvers {
    private static let hosts: Set<String> = [
        "dns.google", "dns64.dns.google", "8888.google", "cloudflare-dns.com", "one.one.one.one",
        "1dot1dot1dot1.cloudflare-dns.com", "mozilla.cloudflare-dns.com", "chrome.cloudflare-dns.com",
        "security.cloudflare-dns.com", "family.cloudflare-dns.com", "dns.cloudflare.com", "dns.quad9.net",
        "dns9.quad9.net", "dns10.quad9.net", "dns11.quad9.net", "dns.adguard.com", "dns.adguard-dns.com",
        "unfiltered.adguard-dns.com", "family.adguard-dns.com", "doh.opendns.com", "doh.familyshield.opendns.com",
        "doh.umbrella.com", "dns.umbrella.com", "doh.cleanbrowsing.org", "dns.nextdns.io", "doh.dns.sb", "dns.sb",
        "doh.mullvad.net", "dns.mullvad.net", "freedns.controld.com", "dns.controld.com", "doh.libredns.gr",
        "doh.li", "dns.alidns.com", "doh.pub", "dns.pub", "doh.360.cn", "dns.twnic.tw", "doh.xfinity.com",
        "dns.switch.ch", "odvr.nic.cz", "doh.applied-privacy.net", "dns.digitale-gesellschaft.ch", "wikimedia-dns.org",
        "dns0.eu", "zero.dns0.eu", "kids.dns0.eu", "unfiltered.joindns4.eu", "protective.joindns4.eu",
        "odoh.cloudflare-dns.com",
    ]
    /// Zones whose every name is a resolver: a customer's own is a label below.
    private static let zones = [".cloudflare-dns.com", ".cloudflare-gateway.com", ".dns.nextdns.io", ".controld.com"]

    /// Whether a host is one.
    static func contains(_ name: DestinationName) -> Bool {
        hosts.contains(name.text) || zones.contains { name.text.hasSuffix($0) }
    }

    /// The port of DNS over TLS (RFC 7858 §3.1), and of DNS itself.
    static func isResolverPort(_ port: UInt16) -> Bool { port == 853 || port == 53 }
}
