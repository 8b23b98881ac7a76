"""The strict reading of a card: JSON text in, Card or CardError out. Standard library only; never numpy.

Called by card.parse_card. The text comes out of a file from anywhere, so sizes, depths and numbers are bounded.
"""

import base64

from .card import (
    INPUT_MAPS,
    KINDS,
    MAPS,
    MAX_TEXT,
    SCHEMA,
    Card,
    Input,
    MapSpec,
    Output,
    Preview,
    Provenance,
    TestVector,
    parse_dim,
)
from .json_fields import Node, load_json

MAX_DIM = 65536  # of a latent, a label or a channel count
MAX_INPUTS = 64
MAX_LAYERS = 256  # of a style


def read_card(text: str, file: str) -> Card:
    """See card.parse_card."""
    root = Node(file, "card", load_json(text, file, MAX_TEXT))
    if not isinstance(root.value, dict):
        root.fail("must be a JSON object.")
    if "schema" in root.value:  # first, since a newer schema may differ in everything else
        schema = root.at("schema").whole(1, 10**6)
        if schema > SCHEMA:
            root.at("schema").fail(
                f"is {schema}, and this GAN Cubes reads up to schema {SCHEMA}. "
                f"Install a version that reads schema {schema}."
            )
    root.keys(
        (
            "schema",
            "name",
            "summary",
            "family",
            "inputs",
            "output",
            "maps",
            "tileable",
            "pixels_per_metre",
            "provenance",
            "test_vector",
        ),
        ("thumbnail", "encoder", "preview"),
    )
    inputs = tuple(_input(node) for node in root.at("inputs").items(1, MAX_INPUTS))
    names = [i.name for i in inputs] + [i.switch for i in inputs if i.switch]
    root.at("inputs").unique(names, "input name")
    for kind in ("field", "label", "style", "image"):
        if sum(i.kind == kind for i in inputs) > 1:
            root.at("inputs").fail(f"holds more than one input of kind {kind}.")
    if {"field", "image"} <= {one.kind for one in inputs}:
        root.at("inputs").fail("holds a field and an image, which would both decide the size.")
    output = _output(root.at("output"), inputs)
    if output.name in names:
        root.at("output").at("name").fail(f"{output.name!r} is also the name of an input.")
    for index, one in enumerate(inputs):
        if one.returns in [*names, output.name]:
            root.at("inputs").at(index).at("returns").fail(f"{one.returns!r} is also another name.")
    density = root.at("pixels_per_metre")
    maps = _output_maps(root.at("maps"), output.shape[1], any(one.kind == "image" for one in inputs))
    preview = _preview(root.at("preview"), inputs, output, maps) if "preview" in root.value else None
    if preview and preview.name in [*names, output.name, *(one.returns for one in inputs)]:
        root.at("preview").at("name").fail(f"{preview.name!r} is also another name.")
    return Card(
        schema=SCHEMA,
        name=root.at("name").text(1),
        summary=root.at("summary").text(most=2000),
        family=root.at("family").text(1),
        inputs=inputs,
        output=output,
        maps=maps,
        tileable=root.at("tileable").flag(),
        pixels_per_metre=None if density.value is None else density.number(1e-3, 1e6),
        provenance=_provenance(root.at("provenance")),
        test_vector=_test_vector(root.at("test_vector"), output.shape[1]),
        thumbnail=_thumbnail(root.at("thumbnail")) if "thumbnail" in root.value else None,
        encoder=root.at("encoder").free() if "encoder" in root.value else None,
        preview=preview,
    )


def _input(node: Node) -> Input:
    if not isinstance(node.value, dict) or "kind" not in node.value:
        node.keys(("name", "kind", "shape"))
    kind = node.at("kind").text(1)
    if kind not in KINDS:
        node.at("kind").fail(f"{kind!r} is not one of {', '.join(KINDS)}. A newer GAN Cubes may know it.")
    required, optional = KINDS[kind]
    node.keys(("name", "kind", "shape", *required), optional)
    shape = _shape(
        node.at("shape"), {"latent": 2, "field": 4, "label": 2, "scalar": 2, "image": 4, "style": 3}[kind]
    )
    has = node.value.__contains__
    labels = tuple(n.text(1, 100) for n in node.at("labels").items(1, MAX_DIM)) if has("labels") else ()
    made = Input(
        name=node.at("name").text(1),
        kind=kind,
        shape=shape,
        stride=node.at("stride").whole(1, 1024) if has("stride") else None,
        margin=node.at("margin").whole(0, 4096) if has("margin") else None,
        labels=labels,
        min=node.at("min").number() if has("min") else None,
        max=node.at("max").number() if has("max") else None,
        default=node.at("default").number() if has("default") else None,
        range=node.at("range").interval() if has("range") else None,
        maps=_maps(node.at("maps"), shape[1], "picture", MAPS | INPUT_MAPS) if has("maps") else (),
        multiple_of=node.at("multiple_of").whole(1, 4096) if has("multiple_of") else None,
        scale=node.at("scale").whole(1, 64) if has("scale") else None,
        switch=node.at("switch").text(1) if has("switch") else None,
        returns=node.at("returns").text(1) if has("returns") else None,
    )
    if kind == "label":
        node.at("labels").unique(labels, "label")
        if shape[1] != len(labels):
            node.at("labels").fail(f"has {len(labels)} names for {shape[1]} columns in shape.")
    if kind == "scalar":
        if shape[1] != 1:
            node.at("shape").fail('must be ["N", 1] for a scalar.')
        if not made.min <= made.default <= made.max:
            node.at("default").fail(f"{made.default:g} is not between min {made.min:g} and max {made.max:g}.")
    if kind in ("field", "image") and (shape[2], shape[3]) != ("h", "w"):
        node.at("shape").fail(f'must end in "h", "w": this input of kind {kind} takes any size.')
    if kind == "image":
        _check_image(node, made)
    if kind == "style" and not (isinstance(shape[2], int) and shape[1] <= MAX_LAYERS):
        node.at("shape").fail(f'must be ["N", layers (at most {MAX_LAYERS}), length] for a style.')
    return made


def _check_image(node: Node, made: Input) -> None:
    """Every channel of the picture is part of a map, and tiles can be cut and laid at the same places."""
    channels = sum(spec.channels[1] - spec.channels[0] for spec in made.picture_maps)
    if channels != made.shape[1]:
        node.at("maps" if made.maps else "shape").fail(
            f"the maps of the picture have {channels} channels together, the input has {made.shape[1]}."
        )
    if made.margin % (made.multiple_of or 1):
        node.at("margin").fail(f"must be a multiple of multiple_of, {made.multiple_of}.")


def _shape(node: Node, rank: int) -> tuple:
    """A list of dimensions whose first is the batch "N" and of which none is absurd."""
    dims = node.items(rank, rank)
    if dims[0].value != "N":
        dims[0].fail('must be "N", the batch.')
    for dim in dims[1:]:
        try:
            symbol, size = parse_dim(dim.value)
        except ValueError as error:
            dim.fail(f"{str(error)[:100]}.")
        if symbol is None and size > MAX_DIM:
            dim.fail(f"is larger than {MAX_DIM}.")
        if symbol == "N":
            dim.fail('may not be "N", which is the batch.')
    if not isinstance(dims[1].value, int):
        dims[1].fail("must be a whole number.")
    return tuple(dim.value for dim in dims)


def _output(node: Node, inputs) -> Output:
    node.keys(("name", "shape", "range"))
    shape = _shape(node.at("shape"), 4)
    known = {parse_dim(dim)[0] for one in inputs for dim in one.shape}
    stride = next((i.stride for i in inputs if i.kind == "field"), None)
    image = next((i for i in inputs if i.kind == "image"), None)
    for axis, cells in ((2, "h"), (3, "w")):
        symbol, factor = parse_dim(shape[axis])
        if symbol is not None and symbol not in known:
            node.at("shape").at(axis).fail(f"uses {symbol!r}, which no input's shape holds.")
        if stride is not None and (symbol, factor) != (cells, stride):
            node.at("shape").at(axis).fail(
                f'must be "{cells}*{stride}", since the field has a stride of {stride}.'
            )
        if image is not None and (symbol, factor) != (cells, image.scale or 1):
            named = f"{cells}*{image.scale}" if (image.scale or 1) > 1 else cells
            node.at("shape").at(axis).fail(
                f'must be "{named}", since the image has a scale of {image.scale or 1}.'
            )
        if symbol is None and factor > 8192:
            node.at("shape").at(axis).fail("is larger than 8192 pixels.")
    if isinstance(shape[2], int) != isinstance(shape[3], int) or (
        isinstance(shape[2], int) and shape[2] != shape[3]
    ):
        node.at("shape").fail("must be as high as wide.")
    return Output(node.at("name").text(1), shape, node.at("range").interval())


def _preview(node: Node, inputs, output: Output, whole: tuple[MapSpec, ...]) -> Preview:
    """Some maps of the output, made out of seeds; what shows nothing without alpha has that too."""
    node.keys(("name", "scale", "maps"))
    if any(one.kind == "image" for one in inputs):
        node.fail("is for what is made out of seeds; this one changes a picture.")
    scale = node.at("scale").whole(2, 64)
    side = parse_dim(output.shape[2])[1]
    if side % scale:
        node.at("scale").fail(f"must divide the sides of the output, multiples of {side}.")
    there = {one.name: one for one in whole}
    maps = _maps(node.at("maps"), output.shape[1], "output", {name: MAPS[name] for name in there})
    for index, one in enumerate(maps):
        first, end = there[one.name].channels
        if one.channels[1] - one.channels[0] != end - first:
            node.at("maps").at(index).at("channels").fail(f"must be as many as {one.name} has in the output.")
    needed = {"base_color", "alpha"} & there.keys() - {one.name for one in maps}
    if needed:
        node.at("maps").fail(f"must hold {' and '.join(sorted(needed))}.")
    return Preview(node.at("name").text(1), scale, maps)


def _output_maps(node: Node, channels: int, takes_picture: bool) -> tuple[MapSpec, ...]:
    """What is made out of a picture may lie beside its base colour; made out of seeds, nothing does without one."""
    maps = _maps(node, channels, "output", MAPS)
    if not takes_picture and "base_color" not in [m.name for m in maps]:
        node.fail("must hold base_color.")
    return maps


def _maps(node: Node, channels: int, of: str, known: dict) -> tuple[MapSpec, ...]:
    maps, taken = [], set()
    for one in node.items(1, len(known)):
        one.keys(("name", "channels", "colorspace"))
        name = one.at("name").text(1)
        if name not in known:
            one.at("name").fail(f"{name!r} is not one of {', '.join(known)}.")
        colorspace, counts = known[name]
        first, end = (n.whole(0, MAX_DIM) for n in one.at("channels").items(2, 2))
        if not first < end <= channels:
            one.at("channels").fail(
                f"[{first}, {end}] does not lie within the {channels} channels of the {of}."
            )
        if end - first not in counts:
            one.at("channels").fail(
                f"gives {name} {end - first} channels; it has {' or '.join(map(str, counts))}."
            )
        if taken & set(range(first, end)):
            one.at("channels").fail("overlaps with the channels of another map.")
        if one.at("colorspace").text() != colorspace:
            one.at("colorspace").fail(f"must be {colorspace!r} for {name}.")
        taken |= set(range(first, end))
        maps.append(MapSpec(name, (first, end), colorspace))
    node.unique([m.name for m in maps], "map")
    return tuple(maps)


def _provenance(node: Node) -> Provenance:
    node.keys(("dataset", "dataset_sha256", "licences", "authors", "steps", "commit", "versions", "measures"))
    digest = node.at("dataset_sha256").text(most=64)
    if digest and (len(digest) != 64 or set(digest) - set("0123456789abcdef")):
        node.at("dataset_sha256").fail(
            "must be 64 small hexadecimal digits, or empty where there is no data set."
        )
    for key in ("licences", "versions", "measures"):
        node.at(key).free()
    return Provenance(
        dataset=node.at("dataset").text(most=1000),
        dataset_sha256=digest,
        licences={key: node.at("licences").at(key).whole(0, 10**12) for key in node.value["licences"]},
        authors=tuple(n.text(1, 500) for n in node.at("authors").items()),
        steps=node.at("steps").whole(0, 10**12),
        commit=node.at("commit").text(),
        versions={key: node.at("versions").at(key).text() for key in node.value["versions"]},
        measures=node.value["measures"],
    )


def _test_vector(node: Node, channels: int) -> TestVector:
    node.keys(("seed", "pooled", "mean", "std", "cpu_tolerance", "gpu_tolerance"))
    count = channels * 64
    return TestVector(
        seed=node.at("seed").whole(0, 2**64 - 1),
        pooled=node.at("pooled").text(),
        mean=tuple(n.number() for n in node.at("mean").items(count, count)),
        std=tuple(n.number(0) for n in node.at("std").items(count, count)),
        cpu_tolerance=node.at("cpu_tolerance").number(0, 1),
        gpu_tolerance=node.at("gpu_tolerance").number(0, 1),
    )


def _thumbnail(node: Node) -> str:
    """A PNG in base64; the PNG itself is checked by who shows it."""
    text = node.text(1, MAX_TEXT)
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        node.fail("must be a PNG in base64.")
    return text
