"""The small map of part II: the way of a text through a Transformer, with the reader's place on it in color."""

from drawing import Box, Drawing, Say

STATIONS = {
    "text": ("文字", "text"),
    "tokens": ("词元", "tokens"),
    "embedding": ("嵌入", "embedding"),
    "position": ("位置", "position"),
    "attention": ("注意力", "attention"),
    "feed-forward": ("前馈层", "feed-forward"),
    "scores": ("分数", "scores"),
    "probabilities": ("概率", "probabilities"),
    "next token": ("下一个词元", "next token"),
}


def you_are_here(say: Say, *here: str) -> Drawing:
    """The map, in three rows; the stations `here` are blue."""
    if unknown := set(here) - STATIONS.keys():
        raise ValueError(f"the map has no station {sorted(unknown)}; it has {', '.join(STATIONS)}")
    drawing = Drawing(356, 208)

    def station(name: str, x: float, y: float, width: float) -> Box:
        color, bold = ("blue", True) if name in here else ("ink", False)
        return drawing.box((x, y), say(*STATIONS[name]), width=width, height=34, color=color, bold=bold)

    text, tokens = station("text", 22, 22, 44), station("tokens", 92, 22, 66)
    embedding, position = station("embedding", 185, 22, 100), station("position", 320, 22, 72)
    plus = drawing.join((259, 22))
    attention, feed_forward = station("attention", 259, 100, 106), station("feed-forward", 113, 100, 116)
    block = drawing.frame([attention, feed_forward])
    drawing.note(block.at(0.16, 0), say("重复若干层", "several layers"), "above", gap=5)
    scores, probabilities = station("scores", 35, 186, 66), station("probabilities", 151, 186, 116)
    next_token = station("next token", 296, 186, 106)
    for start, end in [
        (text.right, tokens.left),
        (tokens.right, embedding.left),
        (embedding.right, plus.left),
        (position.left, plus.right),
        (plus.bottom, attention.top),
        (attention.left, feed_forward.right),
        (scores.right, probabilities.left),
        (probabilities.right, next_token.left),
    ]:
        drawing.arrow(start, end)
    drawing.elbow(feed_forward.left, scores.top, x=scores.top[0])
    return drawing
