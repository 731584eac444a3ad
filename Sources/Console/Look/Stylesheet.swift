/// The one style sheet.
package enum Stylesheet {
    /// The text that is sent.
    package static let text =
        ":root{color-scheme:light dark;\(Palette.light.variables)}\n"
        + "@media (prefers-color-scheme:dark){:root{\(Palette.dark.variables)}}\n" + rules

    private static let rules = """
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
        a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
        .away{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
        .skip:focus{position:fixed;left:8px;top:8px;width:auto;height:auto;clip-path:none;background:var(--card);padding:8px 12px;z-index:2}
        header.top{background:var(--card);border-bottom:1px solid var(--rule)}
        .bar,main,footer{max-width:1240px;margin:0 auto;padding:0 20px}
        .bar{display:flex;flex-wrap:wrap;align-items:center;gap:4px 20px;min-height:52px}
        .brand{display:flex;align-items:center;gap:8px;font-weight:650;color:var(--text);text-decoration:none}
        .brand svg{width:22px;height:22px}
        nav{display:flex;flex-wrap:wrap;gap:2px}
        nav a{padding:5px 10px;border-radius:6px;color:var(--muted);text-decoration:none}
        nav a:hover{color:var(--text);background:var(--plain-t)}
        nav a[aria-current]{color:var(--text);background:var(--plain-t);font-weight:600}
        .who{margin-left:auto;display:flex;align-items:center;gap:10px;color:var(--muted);font-size:13px}
        main{padding-top:20px;padding-bottom:28px}
        footer{padding-bottom:28px;color:var(--muted);font-size:13px}
        h1{font-size:20px;line-height:1.25;margin:0 0 14px;font-weight:650;overflow-wrap:anywhere}
        h2{font-size:15px;margin:0;font-weight:650}
        h3{font-size:14px;margin:16px 0 6px;font-weight:650}
        p{margin:0 0 10px}
        .card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:14px 16px;margin:0 0 16px;min-width:0}
        .card>.head{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 12px;margin-bottom:10px}
        .head .note{margin-left:auto}
        .note,.muted{color:var(--muted);font-size:13px}
        .note a{white-space:nowrap}
        .cols{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:16px}
        .cols>.card{margin:0}
        .cols{margin-bottom:16px}
        .lead{grid-template-columns:minmax(0,5fr) minmax(0,7fr)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(156px,1fr));gap:1px;background:var(--rule);border:1px solid var(--rule);border-radius:10px;overflow:hidden;margin:0 0 16px}
        .tile{background:var(--card);padding:11px 14px;min-width:0}
        .tile .k{display:flex;align-items:center;gap:6px;color:var(--muted);font-size:13px}
        .tile .v{font-size:19px;font-weight:650;line-height:1.35;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .tile .s{color:var(--muted);font-size:12.5px;line-height:1.4;overflow-wrap:anywhere}
        .mark{display:inline-grid;place-items:center;width:16px;height:16px;border-radius:50%;font-size:11px;line-height:1;font-weight:700;flex:none}
        .ok .mark{background:var(--good-t);color:var(--good)}
        .bad .mark{background:var(--bad-t);color:var(--bad)}
        .warn .mark{background:var(--warn-t);color:var(--warn)}
        .idle .mark{background:var(--plain-t);color:var(--text)}
        .bad .v{color:var(--bad)}.warn .v{color:var(--warn)}
        .tag{display:inline-block;padding:0 7px;border-radius:5px;font-size:12px;line-height:20px;font-weight:600;background:var(--plain-t);color:var(--text);white-space:nowrap}
        .tag.bad{background:var(--bad-t);color:var(--bad)}.tag.warn{background:var(--warn-t);color:var(--warn)}.tag.ok{background:var(--good-t);color:var(--good)}
        code,.code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12.5px}
        code,.code{overflow-wrap:anywhere}
        h1 code,.found a code{font-size:.9em;font-weight:600}
        pre{background:var(--sunk);border:1px solid var(--rule);border-radius:8px;padding:10px 12px;margin:0 0 10px;overflow:auto;line-height:1.5;max-height:440px;white-space:pre-wrap;overflow-wrap:anywhere}
        pre b{font-weight:400;color:var(--muted);user-select:none}
        table{border-collapse:collapse;width:100%;font-size:13.5px}
        th{text-align:left;color:var(--muted);font-weight:600;font-size:12.5px;padding:4px 10px 4px 0;border-bottom:1px solid var(--rule);vertical-align:bottom}
        td{padding:6px 10px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere;unicode-bidi:isolate}
        tr:last-child td{border-bottom:0}
        .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        td:last-child,th:last-child{padding-right:0}
        .n+td,.n+th{padding-left:16px}
        .nb{white-space:nowrap}
        time{white-space:nowrap;font-variant-numeric:tabular-nums}
        .empty{color:var(--muted);margin:6px 0 4px}
        .found{list-style:none;margin:0;padding:0}
        .found li{padding:8px 0;border-bottom:1px solid var(--rule)}
        .found li:first-child{padding-top:0}.found li:last-child{border-bottom:0;padding-bottom:0}
        .found a{color:var(--text);text-decoration:none;overflow-wrap:anywhere}
        .found a:hover{text-decoration:underline}
        .found .muted{display:block;overflow-wrap:anywhere}
        dl{display:grid;grid-template-columns:minmax(110px,max-content) minmax(0,1fr);gap:5px 18px;margin:0 0 4px;font-size:14px}
        dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate}
        .draw{overflow-x:auto;margin:0 -4px}
        .draw svg{display:block;max-width:none}
        .draw.fit svg{max-width:100%;height:auto}
        .narrow{display:none}
        svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--text)}
        svg .sub{fill:var(--muted);font-size:10.5px}
        .node{fill:var(--card);stroke:var(--edge)}
        .node.group{fill:var(--plain-t)}
        .node.out{stroke-dasharray:2 3}
        .node.red{stroke:var(--bad);stroke-width:1.5}
        .path{fill:none;stroke-width:1.6}
        .path.unused{stroke:var(--edge);stroke-width:1.2}.path.used{stroke:var(--good)}.path.undeclared{stroke:var(--bad);stroke-width:3.2}
        .path.plain{stroke-dasharray:5 4}
        .tip.unused{fill:var(--edge)}.tip.used{fill:var(--good)}.tip.undeclared{fill:var(--bad)}
        .key{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:8px 0 0;padding:0;font-size:12.5px;color:var(--muted)}
        .key svg{width:26px;height:8px;vertical-align:middle;margin-right:6px}
        .bars{fill:var(--bar)}.bars.bad{fill:var(--bad)}.bars.warn{fill:var(--warn)}
        .base{stroke:var(--rule)}
        .chart{margin:0 0 12px}.chart:last-child{margin:0}
        .chart figcaption{display:flex;justify-content:space-between;gap:12px;font-size:13px;color:var(--muted)}
        .chart figcaption b{color:var(--text);font-variant-numeric:tabular-nums}
        .chart svg{display:block;width:100%;height:44px}
        .time{display:flex;flex-direction:column}.time .chart{flex:1;display:flex;flex-direction:column}.time svg{flex:1;min-height:44px;max-height:72px;margin-top:auto}
        form.ask{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:10px 12px;align-items:end;margin:0 0 6px}
        form.ask .wide{grid-column:1/-1}
        label{display:block;color:var(--muted);font-size:12.5px}
        input,select{width:100%;font:inherit;color:var(--text);background:var(--card);border:1px solid var(--edge);border-radius:6px;padding:6px 9px;min-height:36px;min-width:0}
        button{font:inherit;font-weight:600;color:var(--card);background:var(--link);border:1px solid var(--link);border-radius:6px;padding:6px 14px;min-height:36px;cursor:pointer}
        button.plain{background:none;color:var(--link);border-color:var(--edge);font-weight:500}
        button.small{min-height:28px;padding:2px 10px;font-size:13px}
        dl+form,ul+form{margin:14px 0 10px}
        .card>:last-child{margin-bottom:0}
        .steps{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center}
        details>summary{cursor:pointer;color:var(--link);font-size:13.5px}
        .say{border-left:3px solid var(--edge);padding:2px 0 2px 12px;margin:0 0 12px;overflow-wrap:anywhere}
        .say.bad{border-color:var(--bad)}.say.warn{border-color:var(--warn)}.say.ok{border-color:var(--good)}
        .new td{background:var(--good-t)}
        @media (max-width:900px){.cols,.lead{grid-template-columns:minmax(0,1fr)}}
        @media (max-width:640px){
        .bar,main,footer{padding-left:14px;padding-right:14px}
        .bar{padding-top:8px;padding-bottom:8px}
        nav{order:3;width:100%;margin:0 -8px}
        nav a{padding:4px 8px;font-size:14px}
        .tiles{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
        .tile:last-child:nth-child(odd){grid-column:1/-1}
        .card{padding:12px 13px}
        .head .note{margin-left:0;width:100%}
        dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:7px}
        .wide-only{display:none}.narrow{display:block}
        table,tbody,tr,td{display:block;width:100%}
        thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
        tr{padding:8px 0;border-bottom:1px solid var(--rule)}tr:last-child{border-bottom:0}
        td,td:last-child{position:relative;border:0;padding:1px 0 1px 92px;text-align:left;min-height:22px}
        td.n{text-align:left}.n+td{padding-left:92px}
        td::before{content:attr(data-c);position:absolute;left:0;top:2px;width:86px;color:var(--muted);font-size:12.5px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
        .rows tr{display:grid;grid-template-columns:auto minmax(0,1fr) auto;column-gap:10px;align-items:baseline}
        .rows td,.rows td:last-child{width:auto;padding:1px 0;min-height:0}
        .rows td::before{content:none}
        .rows td:nth-child(1){order:1}.rows td:nth-child(4){order:2}.rows td:nth-child(5){order:3;text-align:right}
        .rows td:nth-child(2){order:4;grid-column:1/-1}.rows td:nth-child(3){order:5;grid-column:1/-1}
        .rows td:nth-child(3):not(:empty)::before{content:"→ ";position:static}
        .rows td:nth-child(6){order:6;grid-column:1/3;font-size:13px}.rows td:nth-child(7){order:7;font-size:13px;text-align:right}
        .pairs tr{display:flex;flex-wrap:wrap;gap:0 12px;align-items:baseline}
        .pairs td,.pairs td:last-child{width:auto;padding:1px 0;min-height:0}.pairs td:nth-child(-n+2){width:100%}
        .pairs td::before{content:none}.pairs td.n::before{content:"× ";position:static}
        .paths td:nth-child(2)::before{content:"→ ";position:static}
        .rows td[colspan]{grid-column:1/-1}
        }
        @media (prefers-reduced-motion:no-preference){.new td{animation:settle 2.5s forwards}@keyframes settle{to{background:transparent}}}
        """
}
