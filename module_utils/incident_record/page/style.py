# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""How the page looks: light and dark, on a phone, on paper. It names no font and no file to fetch."""

from __future__ import annotations

import base64
import hashlib

_COLOURS = """
:root{color-scheme:light dark;--paper:#fff;--box:#f5f6f8;--line:#cfd6de;--ink:#1a1f26;--soft:#525c68;
--good:#116a2f;--bad:#b3211a;--warn:#8a4800;--info:#0a4f9c;--goodbox:#e6f4ea;--badbox:#fdeceb;--warnbox:#fdf1e0;--infobox:#e8f1fb}
@media screen and (prefers-color-scheme:dark){:root{--paper:#12161c;--box:#1b222b;--line:#3b4654;--ink:#e7edf3;--soft:#a9b4c0;
--good:#66d391;--bad:#ff968c;--warn:#f3bc62;--info:#86bfff;--goodbox:#14301f;--badbox:#3b1b1a;--warnbox:#372810;--infobox:#142a44}}
"""
_PAGE = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
main,header,footer{max-width:66rem;margin:0 auto;padding:0 1rem}
h1{font-size:1rem;font-weight:600;color:var(--soft);margin:1.5rem 0 .25rem}
h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.25rem 0 .5rem}
h4{font-size:.9rem;margin:0 0 .25rem;font-weight:600}
p{margin:.5rem 0}
a{color:var(--info)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
code{unicode-bidi:isolate}
pre{background:var(--box);border:1px solid var(--line);border-radius:.4rem;padding:.75rem;overflow-x:auto;overflow-wrap:normal;margin:.5rem 0}
ul{padding-left:1.25rem;margin:.5rem 0}
.soft,caption,.note{color:var(--soft)}
.note{font-size:.9rem}
.verdict{display:flex;gap:.75rem;align-items:flex-start;margin:.25rem 0 1rem;font-size:1.35rem;line-height:1.35;font-weight:600}
.verdict .badge{font-size:1rem;flex:none;margin-top:.1rem}
.badge{display:inline-block;overflow-wrap:normal;
border-radius:1rem;padding:.05rem .6rem;font-weight:600;font-size:.85rem;border:1px solid currentColor;white-space:nowrap}
.sign{display:inline-block;min-width:.8em;text-align:center}
.good{color:var(--good);background:var(--goodbox)}.bad{color:var(--bad);background:var(--badbox)}
.warn{color:var(--warn);background:var(--warnbox)}.info{color:var(--info);background:var(--infobox)}
.plain{color:var(--soft);background:var(--box)}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.5rem 0;font-size:.9rem}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;min-width:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;padding:0;margin:1rem 0;list-style:none}
.tiles li{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem;background:var(--box)}
.tiles b{display:block;font-size:1.35rem;line-height:1.25}
.tiles span{display:block;font-size:.85rem;color:var(--soft)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;list-style:none;font-size:.9rem}
nav a{display:inline-block;padding:.2rem 0}
details{margin:.5rem 0;border:1px solid var(--line);border-radius:.5rem}
summary{cursor:pointer;padding:.5rem .75rem;font-weight:600}
summary .soft{font-weight:400}
.folded{padding:0 .75rem .5rem}
td details{border:0;margin:0}td summary{padding:0;font-weight:400}td .folded{padding:0}
:focus-visible{outline:2px solid var(--info);outline-offset:2px}
"""
_TABLES = """
table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.5rem 0 1rem}
caption{text-align:left;font-size:.9rem;padding-bottom:.25rem}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:2px solid var(--line);padding:.3rem .6rem .3rem 0;vertical-align:bottom}
td{border-bottom:1px solid var(--line);padding:.4rem .6rem .4rem 0;vertical-align:top}
th,.fit{white-space:nowrap;overflow-wrap:normal}
td ul{margin:0;padding-left:1rem}
@media screen and (max-width:42rem){
.stack,.stack tbody,.stack tr,.stack td,.stack caption{display:block}
.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stack tr{border:1px solid var(--line);border-radius:.5rem;padding:.4rem .7rem;margin:.5rem 0}
.stack td{border:0;padding:.15rem 0;display:grid;grid-template-columns:6.2rem minmax(0,1fr);gap:.5rem}
.stack td::before{content:attr(data-label);color:var(--soft);font-size:.85rem}
.verdict{font-size:1.15rem;flex-wrap:wrap}
main,header,footer{padding:0 .75rem}
.folded{padding:0 .5rem .5rem}
.groups details,.groups figure{border:0;padding:0}.groups summary,.groups .folded{padding:.4rem 0}
.groups .size{display:none}
}
"""
_PICTURES = """
.groups{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr));gap:0 1rem;align-items:start}
.group{grid-column:1/-1}.groups>*{min-width:0}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:1rem;align-items:start}
figure{margin:0;border:1px solid var(--line);border-radius:.5rem;padding:.6rem .6rem .4rem;min-width:0}
figure h4{display:flex;justify-content:space-between;align-items:center;gap:.5rem}figure h4 .badge{flex:none}
figure.wide{padding:.75rem}
svg{display:block;width:100%;overflow:hidden;font-size:12px;font-family:inherit}
svg text{fill:var(--ink)}
svg text.soft{fill:var(--soft)}
svg text.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:11px;fill:var(--soft)}
svg text.strong{font-weight:600}
svg text{unicode-bidi:isolate}
svg .box{fill:var(--box);stroke:var(--line)}
svg .box.good{fill:var(--goodbox)}svg .box.bad{fill:var(--badbox)}svg .box.warn{fill:var(--warnbox)}svg .box.info{fill:var(--infobox)}
svg .edge{fill:none;stroke:var(--soft);stroke-width:1}
svg .bus{fill:none;stroke:var(--info);stroke-width:1.5;stroke-dasharray:3 2}
svg .dot{fill:var(--info)}svg.inline{display:inline-block;width:12px;height:12px;vertical-align:-1px}
svg .id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:11px;fill:var(--soft)}
svg .mark{fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
svg .mark.good{stroke:var(--good)}svg .mark.bad{stroke:var(--bad)}
svg .mark.info{stroke:var(--info)}svg .mark.warn{stroke:var(--warn)}svg .mark.plain{stroke:var(--soft)}
svg text.good{fill:var(--good)}svg text.bad{fill:var(--bad)}
svg text.info{fill:var(--info)}svg text.warn{fill:var(--warn)}svg text.plain{fill:var(--soft)}
svg .track{fill:var(--box)}
svg .bar{fill:var(--info)}svg .bar.bad{fill:var(--bad)}
svg .bar.good{fill:var(--good)}svg .bar.warn{fill:var(--warn)}svg .bar.plain{fill:var(--soft)}
svg .grid{stroke:var(--line);stroke-width:1;stroke-dasharray:2 3}
svg.at{overflow:visible}
svg .break{stroke:var(--paper);stroke-width:3}
@media screen and (max-width:22rem){.tree .id{display:none}}
.key{display:flex;flex-wrap:wrap;gap:.25rem .75rem;padding:0;list-style:none;font-size:.85rem}
"""
_PRINT = """
@page{size:A4;margin:14mm}
@media print{
html{font-size:9.5pt}body{font-size:1rem}
main,header,footer{max-width:none;padding:0}
nav{display:none}
details:not([open])::details-content{content-visibility:visible;display:block;block-size:auto;height:auto;opacity:1}
details{border:0}summary{padding:0;list-style:none}.folded{padding:0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;overflow:visible}
h2,h3,h4,summary,caption,.key{break-after:avoid}
figure,tr,.tiles li,.verdict{break-inside:avoid}
thead{display:table-header-group}
.pictures,.groups{grid-template-columns:1fr 1fr}.lone .pictures{grid-template-columns:1fr}.size{display:none}figure{padding:2mm}
.badge,svg,.tiles li{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""
STYLE = "".join((_COLOURS, _PAGE, _TABLES, _PICTURES, _PRINT))
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
#: nothing may be fetched or run, and only this very style applies
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; form-action 'none'"
