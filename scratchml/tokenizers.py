"""Text to numbers and back: a token for each character, or byte-pair encoding (chapter
tokens).
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import scratchml._checks as check
from scratchml._files import replaced


class Tokenizer:
    """Turns text into tokens, numbers from 0 to vocab_size − 1, and back again.

    A subclass has `vocab_size`, `encode` and `decode`, and is made from one list or
    text, its `_arguments`.
    """

    vocab_size: int
    _arguments: Any

    def __init__(self, arguments: Any) -> None:
        raise NotImplementedError

    def encode(self, text: str) -> list[int]:
        """The tokens of the text."""
        raise NotImplementedError

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the tokens. Raises ValueError for a token out of range."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write the tokenizer to a file, as JSON. At every moment there is either the
        old file or the new one at `path`, whole.
        """
        with replaced(path) as file:
            file.write(self.to_json().encode())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote. Raises ValueError if it is something else."""
        try:
            return cls.from_json(Path(path).read_bytes().decode())
        except ValueError as error:
            raise ValueError(f"{path} must hold a tokenizer: {error}") from error

    def to_json(self) -> str:
        """The tokenizer as JSON, from which `from_json` makes an equal one."""
        return json.dumps({type(self).__name__: self._arguments}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The tokenizer that `to_json` wrote, whichever kind it is; of a subclass, that
        kind only. Raises ValueError for anything else.
        """
        check.text(text=text)
        kinds = {kind.__name__: kind for kind in (cls, *cls.__subclasses__())}
        kinds.pop("Tokenizer", None)
        try:
            ((name, arguments),) = json.loads(text).items()
            tokenizer = kinds[name](arguments)
            if json.loads(tokenizer.to_json()) != {name: arguments}:
                raise ValueError("it would write another one")
        except (
            ValueError,
            KeyError,
            AttributeError,
            TypeError,
            RecursionError,
        ) as error:
            raise ValueError(
                f"this must be the JSON of a {' or a '.join(sorted(kinds))}, got "
                f"{text[:60]!r} ({error})"
            ) from error
        return tokenizer


class CharTokenizer(Tokenizer):
    """One token for each character: its place in `vocabulary`.

    `characters` is any text that has all of them; repetitions don't matter. Raises
    ValueError if it is empty.
    """

    def __init__(self, characters: Iterable[str]) -> None:
        check.instance(Iterable, characters=characters)
        found = set(characters)
        for character in found:
            check.text(character=character)
        self.vocabulary = sorted(found)
        others = [c for c in self.vocabulary if len(c) != 1]
        if others or not self.vocabulary:
            raise ValueError(
                f"characters must be a text, or single characters, at least one, got "
                f"{others[:10]}"
            )
        self.vocab_size = len(self.vocabulary)
        self._arguments = "".join(self.vocabulary)
        self._token = {c: token for token, c in enumerate(self.vocabulary)}

    def encode(self, text: str) -> list[int]:
        """The token of each character. Raises ValueError for unknown characters."""
        check.text(text=text)
        check.known_characters(text, self._token.keys())
        return [self._token[c] for c in text]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the tokens. Raises ValueError for a token out of range."""
        check.instance(Iterable, tokens=tokens)
        check.token_list(tokens := list(tokens), self.vocab_size)
        return "".join(self.vocabulary[token] for token in tokens)


# Merges stay inside such pieces: a word with the space before it, a run of other signs
# with the space before it, or whitespace. \w are the letters and digits of all scripts;
# an accent that is a character of its own is another sign. At most 16 characters: for
# Chinese, which has no spaces, since the time for a piece grows with its square.
PIECE = re.compile(r" ?\w{1,16}| ?[^\w\s]{1,16}|\s{1,16}(?!\S)|\s")
MOST_BYTES = 4 * 17  # of a piece

Pair = tuple[int, int]


class BPETokenizer(Tokenizer):
    """Byte-pair encoding: from 256 bytes up, the most frequent pair of neighbors
    becomes a new token, again and again. Gage (1994); Sennrich et al. (2016).

    It works on the bytes of UTF-8, so every text that UTF-8 can hold can be encoded,
    and comes back unchanged. Token 256 + i stands for the two tokens of `merges[i]`.
    Raises ValueError for merges of tokens that there aren't yet.
    """

    def __init__(self, merges: Iterable[Pair] = ()) -> None:
        self.merges: list[Pair] = []
        self._bytes = [bytes([i]) for i in range(256)]
        self._rank: dict[Pair, int] = {}
        for i, pair in enumerate(merges):
            a, b = check.pair(pair, f"merge {i}")
            check.token_list((a, b), 256 + i, f"merge {i} must join two")
            joined = self._bytes[a] + self._bytes[b]
            if (a, b) in self._rank or len(joined) > MOST_BYTES:
                raise ValueError(
                    f"merge {i} must be a new pair that occurs in a piece of text, got "
                    f"{(a, b)}, {len(joined)} bytes long"
                )
            self.merges.append((int(a), int(b)))
            self._bytes.append(joined)
            self._rank[a, b] = i
        self.vocab_size = len(self._bytes)
        self._arguments = self.merges
        self._encoded: dict[str, list[int]] = {}  # pieces that have occurred before

    @classmethod
    def train(cls, text: str, num_merges: int) -> "BPETokenizer":
        """Learn up to `num_merges` merges from the text; fewer if no pair is left that
        occurs twice. Of pairs that are equally frequent, the smaller numbers win.
        """
        check.text(text=text)
        check.integers_from(0, num_merges=num_merges)
        pieces = _CountedPieces(text)
        merges: list[Pair] = []
        while len(merges) < num_merges:
            pair, times = pieces.most_frequent_pair()
            if times < 2:
                break
            pieces.merge(pair, 256 + len(merges))
            merges.append(pair)
        return cls(merges)

    def encode(self, text: str) -> list[int]:
        """The tokens of the text."""
        check.text(text=text)
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
            rank, pair = min((self._rank.get(p, never), p) for p in pairwise(tokens))
            if rank == never:
                break
            tokens = _merge(tokens, pair, 256 + rank)
        return tokens

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the tokens. Bytes that are no UTF-8, such as half a character,
        become �. Raises ValueError for a token out of range.
        """
        check.instance(Iterable, tokens=tokens)
        check.token_list(tokens := list(tokens), self.vocab_size)
        return b"".join(self._bytes[t] for t in tokens).decode(errors="replace")


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


class _CountedPieces:
    """The different pieces of a text, as tokens, and how often each pair of neighbors
    occurs in all of it.

    To count all pairs again after each merge would do; here only those of the pieces
    that hold the pair, since no others change.
    """

    def __init__(self, text: str) -> None:
        times = Counter(PIECE.findall(text))
        self._pieces = [list(piece.encode()) for piece in times]
        self._times = list(times.values())
        self._frequency: Counter[Pair] = Counter()
        self._found_in: defaultdict[Pair, set[int]] = defaultdict(set)
        for i in range(len(self._pieces)):
            self._count(i)

    def most_frequent_pair(self) -> tuple[Pair, int]:
        """The pair, and how often it occurs; 0 times if there are no pairs."""
        return max(
            self._frequency.items(),
            key=lambda item: (item[1], -item[0][0], -item[0][1]),
            default=((0, 0), 0),
        )

    def merge(self, pair: Pair, new: int) -> None:
        """Put the token `new` in place of each `pair`."""
        for i in self._found_in.pop(pair):
            for old in pairwise(self._pieces[i]):
                self._frequency[old] -= self._times[i]
                if self._frequency[old] <= 0:
                    del self._frequency[old]
            self._pieces[i] = _merge(self._pieces[i], pair, new)
            self._count(i)

    def _count(self, i: int) -> None:
        for pair in pairwise(self._pieces[i]):
            self._frequency[pair] += self._times[i]
            self._found_in[pair].add(i)
