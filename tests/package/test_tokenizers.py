import errno
import json
import os
import random
import re
import unicodedata
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import BPETokenizer, CharTokenizer, idioms, names
from scratchml.tokenizers import Tokenizer

quick = settings(max_examples=100, deadline=None, derandomize=True)

PROSE = """\
学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？
A token is a number that stands for a piece of text: a byte, a word, or something in between.
分词器把文字变成数字，再把数字变回文字。The tokenizer that reads a text must be the one that wrote its tokens; 否则，结果就会面目全非。
"Don't panic," she said; it's 3.14159, isn't it?  Two spaces, a tab\tand 2 emoji: 🙂👩‍👩‍👧.
    def f(x):
        return x + 1
"""
TEXT = PROSE + "\n".join(f"{name} says: {idiom}。" for name, idiom in zip(names()[:400], idioms()[:400], strict=True))
LINES = TEXT.splitlines(keepends=True)

# Every Unicode text, and texts in which the awkward characters are close together.
texts = st.text() | st.text(
    st.sampled_from("ab中文，。 \n\t\r\u3000\u2028\u00e9e\u0301👩\u200d👧🏽🇨🇳\x00_1!'ʼ\ufffd\ufeff")
)
words = st.text(st.sampled_from("abc"), min_size=1, max_size=8)
phrases = st.lists(words, min_size=1, max_size=30).map(" ".join)


@pytest.fixture(scope="module")
def bpe():
    return BPETokenizer.train(TEXT, 400)


def made(kind):
    return CharTokenizer(TEXT) if kind is CharTokenizer else BPETokenizer.train(PROSE, 20)


def train_slowly(text, num_merges):
    """BPE as one would tell it: count everything anew before each merge. For words with single spaces between them."""
    pieces = [list(word.encode()) for word in re.findall(r" ?\S+", text)]
    merges = []
    for new in range(256, 256 + num_merges):
        counts = Counter(pair for piece in pieces for pair in pairwise(piece))
        if not counts or max(counts.values()) < 2:
            break
        best = min(pair for pair in counts if counts[pair] == max(counts.values()))
        merges.append(best)
        pieces = [replaced(piece, best, new) for piece in pieces]
    return merges, [token for piece in pieces for token in piece]


def replaced(tokens, pair, new):
    if len(tokens) < 2:
        return tokens
    if tuple(tokens[:2]) == pair:
        return [new, *replaced(tokens[2:], pair, new)]
    return [tokens[0], *replaced(tokens[1:], pair, new)]


class TestCharacters:
    def test_a_token_is_a_characters_place_in_the_sorted_vocabulary(self):
        tokenizer = CharTokenizer("hello 世界")
        assert tokenizer.vocabulary == [" ", "e", "h", "l", "o", "世", "界"]
        assert tokenizer.vocab_size == 7
        assert tokenizer.encode("hello") == [2, 1, 3, 3, 4]
        assert tokenizer.decode([6, 5, 0, 2]) == "界世 h"

    @pytest.mark.parametrize(
        "characters",
        ["cab", "abcabcabc", ["c", "b", "a"], {"a", "b", "c"}, iter("bca")],
        ids=["text", "repeated", "list", "set", "iterator"],
    )
    def test_order_and_repetitions_of_the_characters_dont_matter(self, characters):
        tokenizer = CharTokenizer(characters)
        assert (tokenizer.vocabulary, tokenizer.vocab_size, tokenizer.encode("abc")) == (["a", "b", "c"], 3, [0, 1, 2])

    @quick
    @given(texts.filter(len))
    def test_every_text_comes_back_unchanged_with_one_token_for_each_character(self, text):
        tokenizer = CharTokenizer(text)
        tokens = tokenizer.encode(text)
        assert len(tokens) == len(text) and set(tokens) == set(range(tokenizer.vocab_size))
        assert tokenizer.decode(tokens) == text

    def test_unknown_characters_are_refused_and_named_in_order(self):
        unknown = [chr(code) for code in range(0x4E00, 0x4E0C)]
        says = f"this tokenizer doesn't know the characters {unknown[:10]}; it knows 2 others"
        with pytest.raises(ValueError, match=re.escape(says)):
            CharTokenizer("ab").encode("".join(unknown[::-1]) + "ab" + "".join(unknown))

    @pytest.mark.parametrize(
        ("characters", "says"),
        [
            ("", "characters must be a text, or single characters, at least one, got []"),
            ([], "at least one, got []"),
            (["a", "bc"], "at least one, got ['bc']"),
            (["a", ""], "at least one, got ['']"),
            ([1, "a"], "character must be a text, got an int, 1"),
            (["a", None], "character must be a text, got a NoneType, None"),
            (b"aa", "character must be a text, got an int, 97"),
            (3, "got an int, 3"),
            (None, "got a NoneType, None"),
        ],
        ids=str,
    )
    def test_a_vocabulary_of_anything_but_characters_is_refused(self, characters, says):
        with pytest.raises(ValueError, match=re.escape(says) + "$"):
            CharTokenizer(characters)


class TestTraining:
    def test_an_example_worked_out_by_hand(self):
        # aaabdaaabac: aa occurs four times, counting both in aaa. Then Zabd Zabac: ab twice, Za twice, and ab has the
        # smaller number in front. Then ZYd ZYac: ZY twice. Then XdXac, where nothing occurs twice.
        tokenizer = BPETokenizer.train("aaabdaaabac", 100)
        assert tokenizer.merges == [(97, 97), (97, 98), (256, 257)]
        assert tokenizer.vocab_size == 259
        assert tokenizer.encode("aaabdaaabac") == [258, 100, 258, 97, 99]
        assert tokenizer.encode("aab ab") == [256, 98, 32, 257]
        assert tokenizer.decode([258, 33, 257]) == "aaab!ab"

    def test_a_character_of_three_bytes_becomes_a_token_after_two_merges(self):
        tokenizer = BPETokenizer.train("中\n中\n中", 2)
        assert tokenizer.merges == [(0xB8, 0xAD), (0xE4, 256)]
        assert tokenizer.encode("中") == [257]

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("zz,zz,zz,ab,ab", "zz"),
            ("ab,ab,zz,zz,zz", "zz"),
            ("ab,ab,xyz,xyz,xyq,wxy", "xy"),
            ("ab,ab,ab,ab,ccc,ccc", "ab"),
        ],
    )
    def test_the_most_frequent_pair_goes_first(self, text, first):
        assert BPETokenizer.train(text, 1).merges == [tuple(first.encode())]

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("ba,cd,ba,cd", "ba"),
            ("cd,ba,cd,ba", "ba"),
            ("ac,ab,ac,ab", "ab"),
            ("ab,ac,ab,ac", "ab"),
            ("bz,ca,bz,ca", "bz"),
            ("ca,bz,ca,bz", "bz"),
            ("中\n中\nz!\nzz\nzz", "zz"),
        ],
    )
    def test_of_equally_frequent_pairs_the_smaller_numbers_go_first(self, text, first):
        assert BPETokenizer.train(text, 1).merges == [tuple(first.encode())]

    @pytest.mark.parametrize(
        ("text", "merges"),
        [("", 0), ("a", 0), ("abcdef", 0), ("a b c d", 0), ("abab", 1), ("abc,abc", 2), ("a a a", 1)],
    )
    def test_it_stops_when_no_pair_occurs_twice(self, text, merges):
        assert len(BPETokenizer.train(text, 1000).merges) == merges

    @pytest.mark.parametrize("num_merges", [0, 1, 7, 50])
    def test_it_learns_as_many_merges_as_asked_for_and_the_first_ones_dont_depend_on_how_many(self, num_merges, bpe):
        tokenizer = BPETokenizer.train(TEXT, num_merges)
        assert tokenizer.merges == bpe.merges[:num_merges]
        assert tokenizer.vocab_size == 256 + num_merges

    @pytest.mark.parametrize("num_merges", [-1, -100, 0.5, 2.0, float("nan"), True, None, "3", np.uint8(3)], ids=repr)
    def test_a_number_of_merges_that_is_no_count_is_refused(self, num_merges):
        says = f"num_merges must be (at least 0|an integer from 0 up), got {re.escape(repr(num_merges))}"
        with pytest.raises(ValueError, match=says):
            BPETokenizer.train("abab", num_merges)

    @quick
    @given(phrases, st.integers(0, 20))
    def test_merges_and_tokens_are_those_of_counting_everything_anew_each_time(self, text, num_merges):
        merges, tokens = train_slowly(text, num_merges)
        tokenizer = BPETokenizer.train(text, num_merges)
        assert tokenizer.merges == merges
        assert tokenizer.encode(text) == tokens

    def test_of_longer_texts_too(self):
        text = " ".join(name for name in names()[:300] for _ in range(len(name)))
        merges, tokens = train_slowly(text, 60)
        tokenizer = BPETokenizer.train(text, 60)
        assert tokenizer.merges == merges and len(merges) == 60
        assert tokenizer.encode(text) == tokens

    def test_it_is_deterministic_and_the_order_of_the_lines_doesnt_matter(self, bpe):
        assert BPETokenizer.train(TEXT, 400).merges == bpe.merges
        shuffled = [line.strip() + "\n" for line in LINES]
        expected = BPETokenizer.train("".join(shuffled), 100).merges
        random.Random(0).shuffle(shuffled)
        assert BPETokenizer.train("".join(shuffled), 100).merges == expected


class TestEncoding:
    @pytest.mark.parametrize(
        ("merges", "text", "tokens"),
        [
            (["bc", "ab"], "abc", [97, 256]),
            (["ab", "bc"], "abc", [256, 99]),
            (["bc", "ab"], "abab", [257, 257]),
            (["cd", "bc", "ab"], "abcd", [258, 256]),
            (["aa"], "aaaaa", [256, 256, 97]),
        ],
    )
    def test_merges_apply_in_the_order_in_which_they_were_learned_and_from_left_to_right(self, merges, text, tokens):
        assert BPETokenizer([tuple(pair.encode()) for pair in merges]).encode(text) == tokens

    def test_a_merge_of_merges_waits_for_them(self):
        tokenizer = BPETokenizer([(97, 98), (99, 100), (256, 257), (258, 97)])
        assert tokenizer.encode("abcdabcda") == [258, 259]

    def test_without_merges_tokens_are_the_bytes(self):
        assert BPETokenizer().vocab_size == 256
        assert BPETokenizer().encode(PROSE) == list(PROSE.encode())

    @quick
    @given(texts)
    def test_every_text_comes_back_unchanged(self, bpe, text):
        tokens = bpe.encode(text)
        assert all(0 <= token < bpe.vocab_size for token in tokens)
        assert bpe.decode(tokens) == text

    @pytest.mark.parametrize(
        "text",
        [
            TEXT,
            TEXT[::-1],
            "中" * 1000,
            " " * 1000,
            "a" * 1000,
            "\n \n\t \r\n",
            "\u0301\u0301",
            "👩‍👩‍👧🏽",
            unicodedata.normalize("NFD", "é ü ñ 각"),
            "\x00\x7f\x80\uffff\U0010ffff",
            "नमस्ते, शब्द",
        ],
        ids=["text", "reversed", "中", "spaces", "a", "white space", "marks", "emoji", "NFD", "ends", "hindi"],
    )
    def test_these_come_back_unchanged_too(self, bpe, text):
        assert bpe.decode(bpe.encode(text)) == text

    def test_the_same_text_has_the_same_tokens_each_time_whatever_became_of_the_first_list(self, bpe):
        first = bpe.encode("hello")
        kept = first.copy()
        first.clear()
        assert bpe.encode("hello") == kept
        assert bpe.encode("hello\nhello") == [*kept, *bpe.encode("\n"), *kept]

    @quick
    @given(
        st.lists(texts, max_size=8).map("".join) | st.sampled_from(LINES),
        st.lists(st.integers(0, 400), min_size=2, max_size=6).map(sorted),
    )
    def test_more_merges_never_make_an_encoding_longer(self, bpe, text, numbers):
        lengths = [len(BPETokenizer(bpe.merges[:n]).encode(text)) for n in numbers]
        assert lengths == sorted(lengths, reverse=True)

    def test_merges_make_the_text_that_they_were_learned_from_much_shorter(self, bpe):
        assert len(bpe.encode(TEXT)) < 0.6 * len(TEXT.encode())

    def test_tokens_never_cross_from_one_piece_to_the_next(self, bpe):
        learned = [bpe.decode([token]) for token in range(256, bpe.vocab_size)]
        assert any(len(text) > 4 for text in learned) and any(
            text.startswith(" ") and len(text) > 2 for text in learned
        )
        for text in learned:
            assert not re.search(r"\w[^\w\ufffd]|[^\w\s\ufffd]\w|\S\s", text), text

    @quick
    @given(words, words)
    def test_a_word_takes_the_space_before_it_along_and_has_the_same_tokens_wherever_it_stands(self, bpe, a, b):
        assert bpe.encode(f"{a} {b}") == bpe.encode(a) + bpe.encode(f" {b}")
        assert bpe.encode(f"{a},{b}") == bpe.encode(a) + bpe.encode(",") + bpe.encode(b)
        assert bpe.encode(f"{a}   {b}") == bpe.encode(a) + bpe.encode("  ") + bpe.encode(f" {b}")

    @pytest.mark.parametrize("sign", ["中", "a", "!", " "])
    def test_pieces_and_so_tokens_stay_short_where_no_space_comes(self, sign):
        tokenizer = BPETokenizer.train(sign * 5000, 1000)
        assert max(len(tokenizer.decode([token])) for token in range(256, tokenizer.vocab_size)) == 16


class TestDecoding:
    @pytest.mark.parametrize("text", ["é", "中", "🙂"])
    def test_a_part_of_a_character_becomes_a_replacement_character(self, text):
        tokens = BPETokenizer().encode(text)
        for n in range(1, len(tokens)):
            assert BPETokenizer().decode(tokens[:n]) == "�"
            assert BPETokenizer().decode([97, *tokens[:n], 98]) == "a�b"
            assert set(BPETokenizer().decode(tokens[n:])) == {"�"}
        assert BPETokenizer().decode(tokens) == text

    def test_two_halves_in_two_tokens_make_a_character(self):
        tokenizer = BPETokenizer([(0xE4, 0xB8)])
        assert tokenizer.encode("中") == [256, 0xAD]
        assert tokenizer.decode([256, 0xAD]) == "中"
        assert tokenizer.decode([256]) + tokenizer.decode([0xAD]) == "��"

    @quick
    @given(st.lists(st.integers(0, 655)))
    def test_any_tokens_have_a_text(self, bpe, tokens):
        assert bpe.vocab_size == 656
        assert bpe.decode(tokens).encode("utf-8").decode("utf-8") == bpe.decode(tokens)


@pytest.mark.parametrize("kind", [CharTokenizer, BPETokenizer])
class TestBoth:
    def test_no_text_is_no_tokens(self, kind):
        assert made(kind).encode("") == []
        assert made(kind).decode([]) == ""

    def test_tokens_are_plain_integers_and_may_come_as_any_kind_of_them(self, kind):
        tokenizer = made(kind)
        tokens = tokenizer.encode("token 数字")
        assert {type(token) for token in tokens} == {int}
        for form in (tuple(tokens), iter(tokens), np.array(tokens), np.array(tokens, np.uint16), (t for t in tokens)):
            assert tokenizer.decode(form) == "token 数字"

    @pytest.mark.parametrize(
        "wrong",
        [-1, -1000, "vocab_size", 10**30, True, 1.5, 1.0, np.float64(2), "a", "1", None, [1], (0, 1), np.array([0, 1])],
        ids=str,
    )
    @pytest.mark.parametrize("others", [[], [0, 1, 2]], ids=["alone", "among others"])
    def test_tokens_out_of_range_and_what_is_no_integer_are_refused(self, kind, wrong, others):
        tokenizer = made(kind)
        if isinstance(wrong, str) and wrong == "vocab_size":
            wrong = tokenizer.vocab_size
        with pytest.raises(
            ValueError, match=re.escape(f"tokens must be integers from 0 to {tokenizer.vocab_size - 1}, got {wrong!r}")
        ):
            tokenizer.decode([*others, wrong, *others])

    @pytest.mark.parametrize("reader", ["its own kind", "the base class"])
    @pytest.mark.parametrize("path_type", [str, lambda path: path], ids=["str", "Path"])
    def test_what_was_saved_is_an_equal_one_when_it_is_loaded(self, kind, reader, path_type, tmp_path):
        tokenizer, path = made(kind), path_type(tmp_path / "tokenizer.json")
        tokenizer.save(path)
        loaded = (kind if reader == "its own kind" else Tokenizer).load(path)
        assert type(loaded) is kind
        assert (loaded.vocab_size, loaded.encode(TEXT)) == (tokenizer.vocab_size, tokenizer.encode(TEXT))
        assert loaded.decode(range(loaded.vocab_size)) == tokenizer.decode(range(tokenizer.vocab_size))
        assert loaded.to_json() == tokenizer.to_json() == (tmp_path / "tokenizer.json").read_text("utf-8")

    def test_json_of_the_other_kind_is_refused(self, kind):
        other = BPETokenizer if kind is CharTokenizer else CharTokenizer
        with pytest.raises(
            ValueError,
            match=re.escape(f"this must be the JSON of a {kind.__name__}, got {made(other).to_json()[:60]!r}"),
        ):
            kind.from_json(made(other).to_json())

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "tokens",
            "[]",
            "{}",
            "5",
            "null",
            '"BPETokenizer"',
            '{"Tokenizer": "ab"}',
            '{"tokens": [1, 2]}',
            '{"CharTokenizer": "ab", "BPETokenizer": []}',
            '{"CharTokenizer": "ab"',
            "<html>",
            "[[97, 98]]",
            "[" * 100_000,
            '{"CharTokenizer": ' * 100_000,
        ],
        ids=lambda text: text[:40],
    )
    def test_other_json_and_what_is_no_json_is_refused_and_the_beginning_shown(self, kind, text, tmp_path):
        path = tmp_path / "file"
        path.write_text(text)
        for reader, kinds in ((kind, kind.__name__), (Tokenizer, "BPETokenizer or a CharTokenizer")):
            says = re.escape(f"this must be the JSON of a {kinds}, got {text[:60]!r} (")
            with pytest.raises(ValueError, match=f"^{says}") as raised:
                reader.from_json(text)
            assert len(str(raised.value)) < 300
            with pytest.raises(ValueError, match=f"^{re.escape(str(path))} must hold a tokenizer: {says}"):
                reader.load(path)

    def test_a_file_that_is_no_text_is_refused_by_name(self, kind, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))} must hold a tokenizer: .*utf-8"):
            kind.load(path)

    @pytest.mark.parametrize(
        ("wrong", "got"),
        [
            (None, "a text, got a NoneType, None"),
            (5, "a text, got an int, 5"),
            (b"ab", "a text, got a bytes, b'ab'"),
            (["a", "b"], "a text, got a list, ['a', 'b']"),
            ("ab\ud800", "a text that UTF-8 can hold, got half of a pair, '\\ud800', at 2"),
        ],
        ids=ascii,
    )
    def test_what_is_no_text_is_refused_wherever_a_text_is_taken(self, kind, wrong, got):
        """A text with half of a pair, too: no file could hold it, and from bytes it would come back as something else."""
        takers = [made(kind).encode, kind.from_json]
        takers += [lambda text: BPETokenizer.train(text, 3)] if kind is BPETokenizer else []
        for take in takers:
            with pytest.raises(ValueError, match=re.escape(f"text must be {got}") + "$"):
                take(wrong)

    @pytest.mark.parametrize(("wrong", "got"), [(5, "an int, 5"), (None, "a NoneType, None")])
    def test_a_token_that_is_in_no_list_is_refused(self, kind, wrong, got):
        with pytest.raises(ValueError, match=f"tokens must be .*, got {got}$"):
            made(kind).decode(wrong)

    def test_where_saving_fails_the_old_file_stays(self, kind, tmp_path, monkeypatch):
        path, full = tmp_path / "tokenizer.json", OSError(errno.ENOSPC, "No space left on device")

        def fail(descriptor):
            raise full

        CharTokenizer("old").save(path)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(OSError) as raised:
                made(kind).save(path)
        assert raised.value is full
        assert os.listdir(tmp_path) == ["tokenizer.json"]
        assert CharTokenizer.load(path).vocabulary == ["d", "l", "o"]


class TestJSON:
    def test_it_is_short_and_legible(self):
        assert CharTokenizer("世界 \n").to_json() == r'{"CharTokenizer": "\n 世界"}'
        assert BPETokenizer([(97, 98), (256, 99)]).to_json() == '{"BPETokenizer": [[97, 98], [256, 99]]}'

    @quick
    @given(texts.filter(len))
    def test_every_vocabulary_survives(self, text):
        assert CharTokenizer.from_json(CharTokenizer(text).to_json()).vocabulary == CharTokenizer(text).vocabulary

    def test_merges_of_numpys_integers_survive(self):
        tokenizer = BPETokenizer([(np.int64(97), np.uint8(98)), (np.int64(256), 99)])
        assert tokenizer.encode("abc") == [257]
        assert tokenizer.merges == BPETokenizer.from_json(tokenizer.to_json()).merges == [(97, 98), (256, 99)]

    @pytest.mark.parametrize(
        ("content", "because"),
        [
            ([[97, 256]], "merge 0 must join two integers from 0 to 255, got 256"),
            ([[True, False]], "merge 0 must join two integers from 0 to 255, got True"),
            ([[97]], "merge 0 must be a pair, got a list, [97]"),
            (5, ""),
            (None, ""),
            ({}, "it would write another one"),
            ("", "it would write another one"),
        ],
        ids=str,
    )
    def test_bad_merges_are_refused(self, content, because):
        for reader in (BPETokenizer, Tokenizer):
            with pytest.raises(ValueError, match="^this must be the JSON of a BPE.*" + re.escape(because)):
                reader.from_json(json.dumps({"BPETokenizer": content}))

    @pytest.mark.parametrize(
        ("content", "because"),
        [
            ("", "at least one, got []"),
            (["ab"], "got ['ab']"),
            ([1, 2], "got an int, 1"),
            ([1, "a"], "got an int, 1"),
            ("a\ud800", "half of a pair"),
            (5, "got an int, 5"),
            (None, "got a NoneType, None"),
            (["a", "b"], "it would write another one"),
            ({"a": 0}, "it would write another one"),
            ("ba", "it would write another one"),  # out of order: not to be numbered anew
            ("aab", "it would write another one"),
        ],
        ids=ascii,
    )
    def test_bad_vocabularies_are_refused(self, content, because):
        for reader in (CharTokenizer, Tokenizer):
            with pytest.raises(ValueError, match="^this must be the JSON of a .*CharTok.*" + re.escape(because)):
                reader.from_json(json.dumps({"CharTokenizer": content}))

    def test_merges_that_double_the_bytes_again_and_again_are_refused_before_they_fill_the_memory(self):
        merges = [[97, 97], *([256 + i, 256 + i] for i in range(60))]
        for reader in (BPETokenizer, Tokenizer):
            with pytest.raises(ValueError, match=r"merge 6 must be .*, got \(261, 261\), 128 bytes long"):
                reader.from_json(json.dumps({"BPETokenizer": merges}))

    def test_the_longest_tokens_that_training_can_find_can_be_read_again(self):
        longest = " " + "𠀀" * 16
        tokenizer = BPETokenizer.train(f"{longest}\n" * 2, 100)
        assert tokenizer.encode(longest) == [tokenizer.vocab_size - 1]
        assert BPETokenizer.from_json(tokenizer.to_json()).decode([tokenizer.vocab_size - 1]) == longest


@pytest.mark.parametrize(
    ("merges", "says"),
    [
        ([(97, 256)], "merge 0 must join two integers from 0 to 255, got 256"),
        ([(97, 98), (99, 256), (258, 1)], "merge 2 must join two integers from 0 to 257, got 258"),
        ([(-1, 0)], "got -1"),
        ([(1.5, 2)], "got 1.5"),
        ([(97.0, 98)], "got 97.0"),
        ([(True, 98)], "got True"),
        ([(None, 98)], "got None"),
        ([(1, 2, 3)], "merge 0 must be a pair, got a tuple, (1, 2, 3)"),
        ([(97, 98), 5], "merge 1 must be a pair, got an int, 5"),
        (["ab"], "merge 0 must be a pair, got a str, 'ab'"),
        ([(97, 98), (1, 2), (97, 98)], "merge 2 must be a new pair that occurs in a piece of text, got (97, 98)"),
    ],
    ids=str,
)
def test_merges_that_join_no_two_tokens_are_refused(merges, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        BPETokenizer(merges)


def test_changing_the_list_of_merges_afterwards_changes_nothing():
    merges = [(97, 98)]
    tokenizer = BPETokenizer(merges)
    merges.append((99, 100))
    assert tokenizer.encode("abcd") == [256, 99, 100]
    assert tokenizer.to_json() == '{"BPETokenizer": [[97, 98]]}'
