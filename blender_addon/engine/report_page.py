"""report.html: a batch to look through in a browser, without a network. Standard library only; writes nothing.

Previous station: batch_report.Line. Pictures and files are linked relative to the page, so the folder can move.
"""

from html import escape
from urllib.parse import quote

from .asset_words import labels_of
from .batch_report import FAILED, MADE, Line

LINKED = ("glb", "usdz", "usda", "fbx", "obj", "blend")  # suffixes of main files

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 0; color: #222; background: #f4f5f6; }}
header {{ position: sticky; top: 0; padding: 12px 16px; background: #fff; border-bottom: 1px solid #ddd; }}
h1 {{ font-size: 16px; margin: 0 0 8px; }}
input {{ font: inherit; padding: 6px 8px; width: min(28em, 90%); border: 1px solid #999; border-radius: 4px; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px; padding: 16px; }}
article {{ background: #fff; border: 1px solid #ddd; border-radius: 6px; padding: 10px; overflow-wrap: anywhere; }}
article.failed {{ border-color: #c33; }}
article img {{ display: block; width: 128px; height: 128px; margin: 0 auto 6px; }}
article h2 {{ font-size: 14px; margin: 0; }}
article p {{ margin: 2px 0; color: #555; font-size: 12px; }}
.error {{ color: #b00 !important; }}
[hidden] {{ display: none; }}
</style>
</head>
<body>
<header>
<h1>{title}</h1>
<input id="filter" type="search" placeholder="Filter: name, label, model, failed ..." aria-label="Filter">
<span id="count" role="status">{count} of {count}</span>
</header>
<main>
{assets}
</main>
<script>
const cards = [...document.querySelectorAll("article")];
const field = document.getElementById("filter"), count = document.getElementById("count");
function show() {{
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let seen = 0;
  for (const card of cards) {{
    card.hidden = !words.every(word => card.dataset.words.includes(word));
    seen += !card.hidden;
  }}
  count.textContent = seen + " of " + cards.length;
}}
field.addEventListener("input", show);
addEventListener("hashchange", () => {{ field.value = decodeURIComponent(location.hash.slice(1)); show(); }});
field.value = decodeURIComponent(location.hash.slice(1));  // report.html#brick shows bricks
show();
</script>
</body>
</html>
"""


def page(lines: list[Line], pictures: dict[str, str]) -> str:
    """pictures: {asset: path of its thumbnail below the page, or ""}."""
    made = sum(line.status == MADE for line in lines)
    failed = sum(line.status == FAILED for line in lines)
    title = f"{made} assets made" + (f", {failed} failed" if failed else "")
    cards = "\n".join(card(line, pictures.get(line.asset, "")) for line in lines)
    return PAGE.format(title=escape(title), count=len(lines), assets=cards)


def card(line: Line, picture: str) -> str:
    recipe = line.recipe or {}
    labels = ", ".join(labels_of(recipe))
    model = str((recipe.get("model") or {}).get("name", ""))
    facts = [model, f"seed {recipe['seed']}" if recipe else "", f"{recipe['size']} px" if recipe else ""]
    faults = sum(len(one) for found in line.validator.values() for one in found.values())
    words = " ".join([line.asset, labels, line.status, *facts, line.error, "warnings" * bool(faults)]).lower()
    files = {one["path"].rsplit(".", 1)[-1]: one["path"] for one in line.files}
    links = " ".join(f'<a href="{escape(quote(files[kind]))}">{kind}</a>' for kind in LINKED if kind in files)
    parts = [
        f'<img src="{escape(quote(picture))}" width="128" height="128" loading="lazy" alt="">'
        if picture
        else "",
        f"<h2>{escape(line.asset)}</h2>",
        f"<p>{escape(labels)}</p>" if labels else "",
        f"<p>{escape(', '.join(fact for fact in facts if fact))}</p>",
        f"<p>{links}</p>" if links else "",
        f"<p>{faults} warnings of gancube check</p>" if faults else "",
        f'<p class="error">{escape(line.error)}</p>' if line.error else "",
    ]
    return f'<article class="{escape(line.status)}" data-words="{escape(words)}">{"".join(parts)}</article>'
