/// Heads as they come from a client and from an upstream; the scanner's sources are compiled into this program.
enum ScannerBenchmarks {
    static func all() -> [Benchmark] {
        let request = Array(
            """
            POST /v1/predict HTTP/1.1\r
            Host: inference.example\r
            User-Agent: python-httpx/0.28.1\r
            Accept: */*\r
            Accept-Encoding: gzip, deflate\r
            Connection: keep-alive\r
            Content-Type: application/json\r
            Content-Length: 1024\r
            X-Request-Start: 1763800000\r
            \r

            """.utf8
        )
        let response = Array(
            """
            HTTP/1.1 200 OK\r
            Content-Type: application/json\r
            Content-Length: 1024\r
            Server: uvicorn\r
            Date: Sun, 22 Nov 2026 12:00:00 GMT\r
            \r

            """.utf8
        )
        return [
            Benchmark("http1/request head, \(request.count) bytes") { count in
                var scanner = RequestScanner(limits: HTTP1Limits())
                for _ in 0..<count {
                    scanner.reset()
                    guard try scanner.scan(request.span) else { throw WrongResult("request head") }
                    blackHole(scanner.length)
                }
            },
            Benchmark("http1/response head, \(response.count) bytes") { count in
                var scanner = ResponseScanner(limits: HTTP1Limits())
                for _ in 0..<count {
                    scanner.reset()
                    guard try scanner.scan(response.span, answering: .post) else { throw WrongResult("response head") }
                    blackHole(scanner.length)
                }
            },
        ]
    }
}
