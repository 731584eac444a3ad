extension AdmissionRules {
    /// The names of the containers that Istio puts into a pod.
    static let proxies = "['istio-proxy', 'istio-validation']"

    /// What the containers have to be like that go by the names of Istio's own.
    ///
    /// Their packets are not redirected to the proxy, and who writes a pod may write such a container, which injection then
    /// adds to. What injection itself writes (Istio 1.20 and later) is within each of the rules.
    static func proxyRules(_ image: String) -> [Rule] {
        let isImage = "(c.image.startsWith('\(image):') || c.image.startsWith('\(image)@'))"
        return [
            Rule(
                expression: "variables.proxies.all(c, \(isImage) && !has(c.command) && !has(c.workingDir) && "
                    + "has(c.args) && size(c.args) >= 2 && (c.name == 'istio-proxy' ? \(proxyArguments) : "
                    + "c.args[0] == 'istio-iptables'))",
                message:
                    "istio-proxy and istio-validation are Istio's own: its image, and no program or arguments of another"
            ),
            Rule(
                expression: "variables.proxies.all(c, \(hooks))",
                message: "istio-proxy and istio-validation run nothing in hooks but pilot-agent, and nothing in probes"
            ),
            Rule(
                expression: "variables.proxies.all(c, !has(c.envFrom) && (!has(c.env) || c.env.all(e, \(variable))))",
                message:
                    "the environment of istio-proxy and istio-validation must not lead to other programs or settings"
            ),
            Rule(
                expression: "variables.proxies.all(c, !has(c.volumeDevices) && "
                    + "(!has(c.volumeMounts) || c.volumeMounts.all(m, \(mount))))",
                message: "istio-proxy and istio-validation see no volumes but those that injection gives them"
            ),
            Rule(
                expression: "variables.own.all(c, !has(c.volumeMounts) || "
                    + "c.volumeMounts.all(m, !(m.name in \(volumes)))) && (!has(object.spec.volumes) || "
                    + "object.spec.volumes.all(v, !(v.name in \(volumes)) || has(v.emptyDir)))",
                message: "istio-envoy and istio-data hold the proxy's settings, and are no other container's"
            ),
        ]
    }

    /// The volumes from which the proxy is set up.
    private static let volumes = "['istio-envoy', 'istio-data']"

    /// The options that injection writes.
    ///
    /// An argument that is put together from the environment may be any, and only the one is let through that injection writes.
    private static let proxyArguments: String = {
        let options = [
            "domain", "serviceCluster", "trust-domain", "proxyLogLevel", "proxyComponentLogLevel", "log_output_level",
            "log_as_json", "stsPort", "concurrency", "outlierLogPath",
        ].map { "'--\($0)'" }.joined(separator: ", ")
        return "c.args[0] == 'proxy' && c.args[1] == 'sidecar' && "
            + "c.args.all(a, (!a.startsWith('-') || [\(options)].exists(f, a == f || a.startsWith(f + '='))) && "
            + "(!a.startsWith('$(') || a.startsWith('$(POD_NAMESPACE)')))"
    }()

    /// No program is run by a probe, and by a hook `pilot-agent wait` and `pilot-agent request --debug-port=N POST drain`.
    private static let hooks: String = {
        let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map { "(!has(c.\($0)) || !has(c.\($0).exec))" }
        let command = { (hook: String) in "c.lifecycle.\(hook).exec.command" }
        let isKnown = { (hook: String) in
            "(\(command(hook)) == ['pilot-agent', 'wait'] || (size(\(command(hook))) > 1 && "
                + "\(command(hook))[0] == 'pilot-agent' && \(command(hook))[1] == 'request' && "
                + "\(command(hook)).all(w, w in ['pilot-agent', 'request', 'POST', 'drain'] || "
                + "w.startsWith('--debug-port='))))"
        }
        let hooks = ["postStart", "preStop"].map { hook in
            "(!has(c.lifecycle) || !has(c.lifecycle.\(hook)) || !has(c.lifecycle.\(hook).exec) || "
                + "(has(\(command(hook))) && \(isKnown(hook))))"
        }
        return (probes + hooks).joined(separator: " && ")
    }()

    /// No libraries, no other bootstrap, no other program for Envoy, however that is spelt in YAML, and a namespace that is the
    /// pod's.
    private static let variable: String = {
        let settings =
            #"r'binary_?[Pp]ath|custom_?[Cc]onfig_?[Ff]ile|ootstrap_?[Tt]emplate|\\[uUx]0*[4-7]|\\\n|!!|!<'"#
        return "!e.name.startsWith('LD_') && !(e.name in ['PATH', 'ISTIO_BOOTSTRAP', 'ISTIO_BOOTSTRAP_OVERRIDE']) && "
            + "(e.name != 'PROXY_CONFIG' || (!has(e.valueFrom) && (!has(e.value) || !e.value.matches(\(settings))))) && "
            + "(e.name != 'POD_NAMESPACE' || (has(e.valueFrom) && has(e.valueFrom.fieldRef)))"
    }()

    /// Where injection and Kubernetes mount something.
    private static let mount: String = {
        let paths = [
            "m.mountPath.startsWith('/var/run/secrets/')", "m.mountPath == '/etc/istio/pod'",
            "m.mountPath in ['/etc/certs', '/etc/certs/']",
            "(m.mountPath == '/etc/istio/proxy' && m.name == 'istio-envoy')",
            "(m.mountPath == '/var/lib/istio/data' && m.name == 'istio-data')",
        ].joined(separator: " || ")
        return "(\(paths)) && !m.mountPath.contains('..')"
    }()
}
