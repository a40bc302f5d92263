"""The testability report as one HTML file: no script, nothing fetched, readable on paper too."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from samouk.domains.screens.testgen.testability import Lacking, ScreenScore, Testability, source_lines

FILE = "testability.html"
GOOD, FAIR = 0.9, 0.6
"""Shares from which a bar is drawn as good, and as fair."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --faint: #68737d; --line: #dfe3e8; --paper: #fff;
  --good: #2e8b57; --fair: #c98a1b; --poor: #c0463f; --track: #eef0f3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --faint: #98a2ab; --line: #333a41; --paper: #14181c;
  --track: #262c32; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
p { margin: .25rem 0; color: var(--faint); } .score { font-size: 3rem; font-weight: 650; color: var(--ink); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .35rem .75rem .35rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; } th { color: var(--faint); font-weight: 500; }
td.number { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; }
.bar { background: var(--track); border-radius: 3px; height: .75rem; width: 14rem; margin-top: .4rem; }
.bar i { display: block; height: 100%; border-radius: 3px; }
.good { background: var(--good); } .fair { background: var(--fair); } .poor { background: var(--poor); }
code { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
td.place { max-width: 18rem; } small { color: var(--faint); }
"""


def page(report: Testability) -> str:
    """The whole page."""
    app = escape(report.app or "the app")
    rows = "\n".join(map(_screen_row, report.screens))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Testability of {app}</title>
<style>{_STYLE}</style>
<h1>Testability of {app}</h1>
<p class="score">{report.score:.0%}</p>
<p>{report.stable:,} of {report.interactive:,} interactive elements have a locator that lasts: an identifier, or words
for screen readers. Words on the screen change with every text, positions with every layout.</p>
<p>They are {source_lines(report)}; what several screens show is counted on each of them.</p>
<h2>Screens</h2>
<table><thead><tr><th>Screen<th>Share with a stable locator<th><th></tr></thead><tbody>
{rows}
</tbody></table>
{"".join(_lacking(report))}
</html>
"""


def _screen_row(one: ScreenScore) -> str:
    kind = "good" if one.score >= GOOD else "fair" if one.score >= FAIR else "poor"
    bar = f'<div class="bar"><i class="{kind}" style="width:{one.score:.0%}"></i></div>'
    counts = f"{one.stable} of {one.interactive}" if one.interactive else "nothing to act on"
    share = f"{one.score:.0%}" if one.interactive else "–"
    return (
        f"<tr><td>{escape(one.name)}<td>{bar if one.interactive else ''}"
        f'<td class="number">{share}<td class="number">{counts}</tr>'
    )


def _lacking(report: Testability) -> Iterator[str]:
    if not report.lacking:
        yield "<h2>Nothing to add</h2><p>Every interactive element has a stable locator.</p>"
        return
    yield "<h2>What to add</h2><table><thead><tr><th>Where<th>Element<th>Line to add</tr></thead><tbody>"
    yield from map(_lacking_row, report.lacking)
    yield "</tbody></table>"


def _lacking_row(one: Lacking) -> str:
    name = f" {escape(one.name)}" if one.name else ""
    now = f"found by {escape(one.best)}" if one.best else "nothing finds it"
    return (
        f'<tr><td class="place"><code>{_path(one)}</code><br>'
        f"<small>{escape(', '.join(one.screens))}</small>"
        f"<td>{escape(one.type)}{name}<br><small>{now}</small>"
        f"<td><code>{escape(one.remedy.line)}</code><br><small>{escape(one.remedy.how)}</small></tr>\n"
    )


def _path(one: Lacking) -> str:
    """The place, which may be broken behind slashes."""
    return f"{escape(one.place.file).replace('/', '/<wbr>')}:{one.place.line}"
