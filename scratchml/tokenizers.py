"""Text to numbers and back: a token for each character, or byte-pair encoding (chapter
13).
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from numbers import Integral
from pathlib import Path
from typing import Any, Self


class Tokenizer:
    """Turns text into tokens, numbers from 0 to vocab_size − 1, and back again.

    A subclass has `vocab_size`, `encode` and `decode`, and is made from one list or
    text, its `_content`.
    """

    vocab_size: int
    _content: Any

    def __init__(self, content: Any) -> None:
        raise NotImplementedError

    def encode(self, text: str) -> list[int]:
        """The tokens of the text."""
        raise NotImplementedError

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the tokens."""
        raise NotImplementedError

    def to_json(self) -> str:
        """The tokenizer as JSON, from which `from_json` makes an equal one."""
        return json.dumps({type(self).__name__: self._content}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The tokenizer that `to_json` wrote, whichever kind it is; of a subclass, that
        kind only. Raises ValueError for anything else.
        """
        kinds = {kind.__name__: kind for kind in (cls, *cls.__subclasses__())}
        kinds.pop("Tokenizer", None)
        try:
            ((name, content),) = json.loads(text).items()
            kind = kinds[name]
        except (ValueError, KeyError, AttributeError) as error:
            raise ValueError(
                f"this isn't the JSON of a {' or a '.join(sorted(kinds))}: "
                f"{text[:60]!r}"
            ) from error
        try:
            tokenizer = kind(content)
        except (ValueError, TypeError) as error:
            raise ValueError(f"this JSON makes no {name}: {error}") from error
        if json.loads(tokenizer.to_json()) != {name: content}:
            raise ValueError(f"{name}.to_json doesn't write such JSON: {text[:60]!r}")
        return tokenizer

    def save(self, path: str | Path) -> None:
        """Write the tokenizer to a file, as JSON."""
        Path(path).write_text(self.to_json(), "utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote. Raises ValueError if it is something else."""
        return cls.from_json(Path(path).read_text("utf-8"))

    def _checked(self, tokens: Iterable[int]) -> list[int]:
        tokens = list(tokens)
        for token in tokens:
            if not _is_token(token, self.vocab_size):
                raise ValueError(
                    f"tokens must be integers from 0 to {self.vocab_size - 1}, got "
                    f"{token!r}"
                )
        return tokens


def _is_token(token: object, vocab_size: int) -> bool:
    return isinstance(token, Integral) and 0 <= int(token) < vocab_size


class CharTokenizer(Tokenizer):
    """One token for each character: its place in `vocabulary`.

    `characters` is any text that has all of them; repetitions don't matter. Raises
    ValueError if it is empty.
    """

    def __init__(self, characters: Iterable[str]) -> None:
        characters = list(characters)
        wrong = [c for c in characters if not isinstance(c, str) or len(c) != 1]
        if wrong or not characters:
            raise ValueError(
                f"characters must be a text, or single characters, at least one, got "
                f"{wrong[:10]}"
            )
        self.vocabulary = sorted(set(characters))
        self.vocab_size = len(self.vocabulary)
        self._content = "".join(self.vocabulary)
        self._token = {c: token for token, c in enumerate(self.vocabulary)}

    def encode(self, text: str) -> list[int]:
        """The token of each character. Raises ValueError for unknown characters."""
        unknown = sorted(set(text) - self._token.keys())
        if unknown:
            raise ValueError(
                f"this tokenizer doesn't know the characters {unknown[:10]}; it knows "
                f"{self.vocab_size} others"
            )
        return [self._token[c] for c in text]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the tokens. Raises ValueError for a token out of range."""
        return "".join(self.vocabulary[token] for token in self._checked(tokens))


# Merges stay inside such pieces: a word with the space before it, a run of other signs
# with the space before it, or whitespace. \w are the letters and digits of all scripts;
# an accent that is a character of its own is another sign. At most 16 characters: for
# Chinese, which has no spaces, since the time for a piece grows with its square.
PIECE = re.compile(r" ?\w{1,16}| ?[^\w\s]{1,16}|\s{1,16}(?!\S)|\s")

Pair = tuple[int, int]


class BPETokenizer(Tokenizer):
    """Byte-pair encoding: from 256 bytes up, the most frequent pair of neighbors
    becomes a new token, again and again. Gage (1994); Sennrich et al. (2016).

    It works on the bytes of UTF-8, so every text can be encoded and comes back
    unchanged. Token 256 + i stands for the two tokens of `merges[i]`. Raises ValueError
    for merges of tokens that there aren't yet.
    """

    def __init__(self, merges: Iterable[Pair] = ()) -> None:
        self.merges: list[Pair] = []
        self._bytes = [bytes([i]) for i in range(256)]
        for i, pair in enumerate(merges):
            if len(pair) != 2 or not all(_is_token(t, 256 + i) for t in pair):
                raise ValueError(
                    f"merge {i} must join two tokens from 0 to {255 + i}, got {pair!r}"
                )
            a, b = int(pair[0]), int(pair[1])
            self.merges.append((a, b))
            self._bytes.append(self._bytes[a] + self._bytes[b])
        self.vocab_size = len(self._bytes)
        self._content = self.merges
        self._rank = {pair: i for i, pair in enumerate(self.merges)}
        self._encoded: dict[str, list[int]] = {}  # pieces that have occurred before

    @classmethod
    def train(cls, text: str, num_merges: int) -> "BPETokenizer":
        """Learn up to `num_merges` merges from the text; fewer if no pair is left that
        occurs twice. Of pairs that are equally frequent, the smaller numbers win.
        """
        if num_merges < 0:
            raise ValueError(f"num_merges must be at least 0, got {num_merges}")
        counts = Counter(PIECE.findall(text))
        pieces = [list(piece.encode()) for piece in counts]
        times = list(counts.values())
        frequency: Counter[Pair] = Counter()
        found_in: defaultdict[Pair, set[int]] = defaultdict(set)
        for i, tokens in enumerate(pieces):
            for pair in pairwise(tokens):
                frequency[pair] += times[i]
                found_in[pair].add(i)

        merges: list[Pair] = []
        while len(merges) < num_merges and frequency:
            best = max(
                frequency, key=lambda pair: (frequency[pair], -pair[0], -pair[1])
            )
            if frequency[best] < 2:
                break
            # Only the pieces that hold the pair change, so only their pairs are counted
            # again.
            for i in found_in.pop(best):
                tokens = pieces[i]
                for pair in pairwise(tokens):
                    frequency[pair] -= times[i]
                    if frequency[pair] <= 0:
                        del frequency[pair]
                pieces[i] = tokens = _merge(tokens, best, 256 + len(merges))
                for pair in pairwise(tokens):
                    frequency[pair] += times[i]
                    found_in[pair].add(i)
            merges.append(best)
        return cls(merges)

    def encode(self, text: str) -> list[int]:
        """The tokens of the text."""
        tokens: list[int] = []
        for piece in PIECE.findall(text):
            if piece not in self._encoded:
                self._encoded[piece] = self._encode_piece(piece)
            tokens += self._encoded[piece]
        return tokens

    def _encode_piece(self, piece: str) -> list[int]:
        tokens = list(piece.encode())
        never = len(self.merges)
        while len(tokens) > 1:
            # The merge that was learned first goes first, as it did in training.
            rank, pair = min(
                (self._rank.get(pair, never), pair) for pair in pairwise(tokens)
            )
            if rank == never:
                break
            tokens = _merge(tokens, pair, 256 + rank)
        return tokens

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the tokens. Bytes that are no UTF-8, such as half a character,
        become �. Raises ValueError for a token out of range.
        """
        pieces = [self._bytes[token] for token in self._checked(tokens)]
        return b"".join(pieces).decode("utf-8", errors="replace")


def _merge(tokens: list[int], pair: Pair, new: int) -> list[int]:
    """`tokens` with `new` in place of each `pair`, from left to right."""
    merged: list[int] = []
    i = 0
    while i < len(tokens):
        if tokens[i] == pair[0] and tokens[i + 1 : i + 2] == [pair[1]]:
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return merged
