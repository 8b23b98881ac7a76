"""The mark as an XMP packet, the metadata that PNG, JPEG and WebP share. Standard library only; never bpy.

Previous station: mark.py. Next: image_file.py puts the packet into an image. Nothing in it depends on the time or
the machine. What is read may come from anywhere: sizes are limited, and XML that declares entities is refused.
"""

from functools import lru_cache
from xml.parsers import expat
from xml.sax.saxutils import escape

from .errors import RecipeError
from .mark import SOURCE_TYPE, Mark, rights

NAMESPACE = "urn:gancube:mark:1#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
MAX_CHARACTERS = 2 * 2**20
BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'

# [namespace URI, local name] of what is read back, as expat joins them.
RECIPE, ITEM = f"{NAMESPACE} recipe", f"{RDF} li"
LISTS = {f"{NAMESPACE} licences": "licences", f"{NAMESPACE} authors": "authors"}
SOURCE = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ DigitalSourceType"


@lru_cache(maxsize=8)  # one for each image of an asset
def packet(mark: Mark, with_recipe: bool = True) -> str:
    """The XMP packet. with_recipe: left out where the file around the image tells the recipe."""
    own = {
        "model": mark.model,
        "modelSha256": mark.model_sha256,
        "recipe": mark.recipe if with_recipe else "",
    }
    lines = [
        BEGIN,
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
        f'<rdf:RDF xmlns:rdf="{RDF}">',
        '<rdf:Description rdf:about=""',
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"',
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
        f' xmlns:gancube="{NAMESPACE}">',
        f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>",
        "<xmp:CreatorTool>GAN Cubes</xmp:CreatorTool>",
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{_safe(mark.title)}</rdf:li></rdf:Alt></dc:title>',
        f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{_safe(rights(mark))}</rdf:li></rdf:Alt></dc:rights>',
        *_bag("dc:subject", mark.tags),
        *_bag("gancube:licences", mark.licences),
        *_bag("gancube:authors", mark.authors),
        *(f"<gancube:{name}>{_safe(text)}</gancube:{name}>" for name, text in own.items() if text),
        "</rdf:Description></rdf:RDF></x:xmpmeta>",
        '<?xpacket end="r"?>',
    ]
    return "\n".join(lines)


def read(text: str) -> dict:
    """{"recipe": JSON text, "source_type": URI, "licences": [...], "authors": [...]}, as far as they are there;
    RecipeError on what is no sound XMP."""
    if len(text) > MAX_CHARACTERS:
        raise RecipeError("its XMP metadata is too long.")
    wanted = {RECIPE: "recipe", SOURCE: "source_type"}
    found: dict[str, list[str]] = {}
    lists: dict[str, list[str]] = {}
    open_names: list[str] = []

    def start(name, attributes):
        open_names.append(name)
        if len(open_names) > 100:
            raise RecipeError("its XMP metadata is nested too deep.")
        for attribute, value in attributes.items():  # other programs write short values as attributes
            if attribute in wanted:
                found.setdefault(wanted[attribute], [value])
        if name == ITEM and open_names[-3:-2] and open_names[-3] in LISTS:
            lists.setdefault(LISTS[open_names[-3]], []).append("")

    def data(piece):
        if open_names and open_names[-1] in wanted:
            found.setdefault(wanted[open_names[-1]], []).append(piece)
        elif open_names[-1:] == [ITEM] and open_names[-3:-2] and open_names[-3] in LISTS:
            lists[LISTS[open_names[-3]]][-1] += piece

    def refuse(*_):
        raise RecipeError("its XMP metadata declares a document type, which is not read here.")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: open_names.pop()
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.strip().lstrip("\ufeff").encode("utf-8"), True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise RecipeError(f"its XMP metadata is damaged ({str(error)[:80]}).") from error
    return {key: "".join(pieces) for key, pieces in found.items()} | lists


def _bag(name: str, texts: tuple[str, ...]) -> list[str]:
    items = "".join(f"<rdf:li>{_safe(text)}</rdf:li>" for text in texts)
    return [f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>"] if texts else []


def _safe(text: str) -> str:
    """Escaped, without the control characters that XML cannot hold."""
    return escape("".join(c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff")))
