"""Turns matplotlib's SVG into a piece of the page: its colours become the page's, its names stay its own."""

import io
import re
from collections.abc import Mapping
from types import MappingProxyType
from xml.etree import ElementTree as ET

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Stand-ins that are drawn with, and the style of the page that each becomes; nothing else is drawn with them.
_ROLES = ("ink", "muted", "grid", "surface", "accent", *(f"c{n}" for n in range(7)), *(f"o{n}" for n in range(4)))
_INKS = tuple(f"o{n}-ink" for n in range(4))
COLOURS: Mapping[str, str] = MappingProxyType(
    {role: f"#0a{number:02x}fe" for number, role in enumerate((*_ROLES, *_INKS))}
)
POINTS_PER_INCH = 72
_LINK = "{http://www.w3.org/1999/xlink}href"


def figure(width: float, height: float) -> Figure:
    """An empty figure without a background; one unit is one pixel of the page at full size."""
    drawn = Figure(figsize=(width / POINTS_PER_INCH, height / POINTS_PER_INCH), dpi=POINTS_PER_INCH)
    FigureCanvasSVG(drawn)
    drawn.patch.set_alpha(0)
    return drawn


def inline(drawn: Figure, name: str, label: str, css_class: str) -> str:
    """The figure as an `<svg>` element; `name` must be unique in the page, `label` is read out in its place."""
    file = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        drawn.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    root = ET.fromstring(file.getvalue())  # noqa: S314 - written by matplotlib just now
    for child in root.findall("{*}metadata"):
        root.remove(child)
    for element in root.iter():
        _adopt(element, name)
    width = root.get("viewBox", "0 0 0 0").split()[2]
    root.attrib = {
        "viewBox": root.get("viewBox", ""),
        "class": css_class,
        "role": "img",
        "aria-label": label,
        "style": f"max-width:{width}px",
    }
    return ET.tostring(root, encoding="unicode")


def _adopt(element: ET.Element, name: str) -> None:
    element.tag = element.tag.rpartition("}")[2]
    target = element.attrib.pop(_LINK, None)
    if target is not None:
        element.set("href", f"#{name}-{target.removeprefix('#')}")
    if (own := element.get("id")) is not None:
        element.set("id", f"{name}-{own}")
    for attribute, text in element.attrib.items():
        if attribute in {"style", "fill", "stroke", "clip-path"}:
            element.set(attribute, _restyle(text, name))


def _restyle(text: str, name: str) -> str:
    for role, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{role})")
    text = re.sub(r"font:\s*(?P<size>[\d.]+px)[^;]*", r"font-size: \g<size>", text)
    text = re.sub(r"font-family:[^;]*;?", "", text)
    return text.replace("url(#", f"url(#{name}-")
