"""A formula as plain text, for where nothing lays it out: ∂C/∂w, x₁, √d."""

import html
import re
import unicodedata
from xml.etree import ElementTree

from mkdocs.config.defaults import MkDocsConfig

ENTITY = re.compile(r"&(?!amp;|lt;|gt;|quot;)[A-Za-z]+;")
SUBSCRIPTS = str.maketrans("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
SUPERSCRIPTS = str.maketrans("0123456789+-−()inxT⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁱⁿˣᵀᵀ")
ACCENTS = {"ˆ": "\u0302", "^": "\u0302", "‾": "\u0304", "¯": "\u0304", "~": "\u0303"}
RELATION = re.compile(r",(?= *[=≈<>≤≥←])")  # in aligned lines it stands at the start of a cell
SPACED = {"=", "≈", "+", "−", "<", ">", "≤", "≥", "←", "→", "∈", "≠", "∝", "↦"}


def readable(mathml: str) -> str:
    """A formula as plain text: ∂C/∂w, x₁, √d."""
    plain = ENTITY.sub(lambda found: html.unescape(found[0]), mathml)
    text = _text(ElementTree.fromstring(plain))
    text = re.sub("\u2061(?=\\()", "", text).replace("\u2061", " ")  # softmax(z), but ln p
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text).strip())


def _text(node: ElementTree.Element) -> str:
    parts = [_text(child) for child in node]
    match node.tag.rpartition("}")[2]:
        case "mfrac":
            return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
        case "msqrt":
            return f"√{_grouped(''.join(parts))}"
        case "msub" | "munder":
            return parts[0] + _low(parts[1])
        case "msup" if parts[1] in ("′", "″"):
            return "".join(parts)
        case "msup" | "mover" if node.get("accent") != "true":
            return parts[0] + _high(parts[1])
        case "mover":
            return parts[0] + ACCENTS.get(parts[1], "")
        case "msubsup" | "munderover":
            return parts[0] + _low(parts[1]) + _high(parts[2])
        case "mtr":
            return RELATION.sub("", ", ".join(filter(None, (part.strip(" ,") for part in parts))))
        case "mtable":
            return "; ".join(parts)
        case "annotation":  # its TeX
            return ""
        case "mspace":
            return " " if node.get("width") else ""
        case "mo" if node.text in SPACED and node.get("lspace") != "0":  # not in a subscript, nor a sign
            return f" {node.text} "
    return (node.text or "").strip() + "".join(parts)


def _low(text: str) -> str:
    return _small(text, SUBSCRIPTS) or f"_{_grouped(text)}"


def _high(text: str) -> str:
    return _small(text, SUPERSCRIPTS) or f"^{_grouped(text)}"


def _small(text: str, letters: dict[int, int]) -> str:
    """`text` in small letters, or nothing if there aren't any for all of it."""
    text = text.replace(" ", "")
    return text.translate(letters) if set(map(ord, text)) <= set(letters) else ""


def _grouped(text: str) -> str:
    return f"({text.strip()})" if re.search(r"[ +−/·⋅,]", text.strip()) else text


def on_config(config: MkDocsConfig) -> None:
    config.extra["readable"] = readable
