"""references.npz knows the parameters by the names that they had when PyTorch was asked."""

NAMES = {
    "query": "W_q",
    "key": "W_k",
    "value": "W_v",
    "output": "W_o",
    "expand": "up",
    "contract": "down",
    "positions": "positions.weights",
}


def in_scratchml(name: str) -> str:
    """blocks.0.attention.query → blocks.0.attention.W_q"""
    return ".".join(NAMES.get(part, part) for part in name.split("."))


def in_the_file(name: str) -> str:
    """blocks.0.attention.W_q → blocks.0.attention.query"""
    back = {new: old for old, new in NAMES.items()}
    return back.get(name) or ".".join(back.get(part, part) for part in name.split("."))
