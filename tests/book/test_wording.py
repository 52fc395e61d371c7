import pytest

from tests.book import wording
from tests.book.page import Page, read_book

SOUND = {
    "zh": """\
---
title: "标题in front matter"
---

# 标题 { #title .wide }

中文，English 与 `code` 之间有空格；公式 $x$ 也一样。“引号”是弯的（括号也是）。
一个[链接](../x.md "见 x")和 **粗体**、*强调*。3.14 是小数，A, B, (C) 不是。

!!! note "标题"

    ![看到的](figure:a.b "说明，没有引号")

    - **粗体** 也行
    - 普通：也行

```python
# 在本章中,我们print("汉字abc")
```

脚注[^1]。<br>

[^1]: 也行。
""",
    "en": "# Powers { #powers }\n\nA simple, not justified power: `simply`. He said: do it\n\n- **Bold** is fine\n- Plain: fine\n",
}


def problems(language: str, text: str) -> list[str]:
    return list(map(str, wording.problems(Page(f"docs/{language}/x.md", text))))


def test_the_book_is_worded_as_it_should_be(no_problem):
    no_problem(problem for page in read_book() for problem in wording.problems(page))


@pytest.mark.parametrize("language", SOUND)
def test_a_sound_page_has_no_problem(language):
    assert problems(language, SOUND[language]) == []


@pytest.mark.parametrize(
    ("language", "text", "cure"),
    [
        ("zh", "变压器", "write Transformer"),
        ("en", "`变压器`", "write Transformer"),
        ("zh", "在本章中，我们", "says nothing"),
        ("zh", "让我们一起看", "says nothing"),
        ("zh", "值得注意的是，它", "says nothing"),
        ("zh", "想象一下", "says nothing"),
        ("zh", "对它进行计算", "写“计算”"),
        ("zh", "至关**重要**", "says nothing"),
        ("zh", "强大的网络", "says nothing"),
        ("zh", "深入探讨它", "says nothing"),
        ("zh", "揭开神经网络神秘的面纱", "says nothing"),
        ("zh", "这允许模型去看", "says nothing"),
        ("zh", "通过求和，我们可以看到", "says nothing"),
        ("zh", "[它至关重要](x.md)", "says nothing"),
        ("en", "Let’s dive in", "start with the thing"),
        ("en", "let's\ndive in", "start with the thing"),
        ("en", "In this chapter we will see", "start with the thing"),
        ("en", "In this chapter, we will see", "start with the thing"),
        ("en", "It's important to note that", "without announcing"),
        ("en", "is not just a sum", "say what it is"),
        ("en", "But why? Because it is", "give the reason"),
        ("en", "a **crucial** step", "what depends on it"),
        ("en", "a powerful idea", "what it can do"),
        ("en", "we leverage, and", "write use"),
        ("en", "Leveraging it", "write use"),
        ("en", "we delve into", "start with the thing"),
        ("en", "we simply\nadd", "leave it out"),
        ("en", "(obviously)", "leave it out"),
        ("zh", "汉字,汉字", "write ，"),
        ("zh", "`code` 是代码.", "write 。"),
        ("zh", "注意:", "write ："),
        ("zh", "汉字(", "write （"),
        ("zh", ")汉字", "write ）"),
        ("zh", "**汉字**;", "write ；"),
        ("zh", "[汉字](x.md)!", "write ！"),
        ("zh", "![汉字?](figure:a.b)", "write ？"),
        ("zh", '!!! note "汉字?"', "write ？"),
        ("zh", "汉字abc", "put one between"),
        ("zh", "abc汉字", "put one between"),
        ("zh", "第1 章", "put one between"),
        ("zh", "**ReLU**函数", "put one between"),
        ("zh", "是*the* 词", "put one between"),
        ("zh", "[网络](x.md)MLP", "put one between"),
        ("zh", "函数`f`", "put one between"),
        ("zh", "$x$的值", "put one between"),
        ("zh", "| 汉字 | abc汉字 |", "put one between"),
        ("zh", '他说"汉字"', "write “ and ”"),
        ("zh", "'汉字'", "write “ and ”"),
        ("en", "- **Bold:** text", "write prose"),
        ("en", "- **Bold**: text", "write prose"),
        ("en", "    1. __Bold:__ text", "write prose"),
        ("zh", "* **粗体：** 文字", "write prose"),
        ("zh", "- **粗体** ：文字", "write prose"),
    ],
)
def test_what_is_not_written_is_named(language, text, cure):
    told = problems(language, f"# A {{ #a }}\n\n{text}\n")
    assert any(problem.startswith(f"docs/{language}/x.md:3: ") and cure in problem for problem in told), told


def test_the_text_of_a_lab_its_words_and_what_it_says_of_its_plots_are_looked_at(names):
    lab = '# %% [markdown]\n# # 实验 { #lab }\n# 汉字，汉字。\n\n# %%\nwords = {\n    "loss": "损失 A",\n}\n\n# %% alt="一条曲线，向下"\nprint("汉字abc")  # 汉字abc\n'
    assert wording.problems(Page("docs/zh/labs/x.py", lab)) == []
    for sound, broken, line in [
        ("汉字，", "汉字,", 3),
        ("损失 A", "损失A", 7),
        ("曲线，", "曲线,", 10),
        ("汉字。", "至关重要。", 3),
    ]:
        assert lab.count(sound) == 1
        names(wording.problems(Page("docs/zh/labs/x.py", lab.replace(sound, broken))), f"docs/zh/labs/x.py:{line}", [])


def test_titles_of_other_works_stand_as_they_are():
    assert problems("en", "# A { #a }\n\n## Reading { #references }\n\nA Powerful Idea, 2020\n") == []
