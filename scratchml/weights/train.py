"""Makes the models that come with the package: `python -m scratchml.weights.train`.

Each reads words, one to a line, and learns to write more of them. A tenth of the words
is kept apart for validation. It takes up to three minutes each, and writes over the
files in this folder. `python -m scratchml.weights.train names` makes that one only.
"""

import sys
import time
from pathlib import Path

import numpy as np

from scratchml.checkpoint import load_checkpoint, save_checkpoint
from scratchml.datasets import idioms, names
from scratchml.generation import generate
from scratchml.losses import CrossEntropy
from scratchml.optimizers import Adam, warmup_cosine
from scratchml.tokenizers import CharTokenizer, Tokenizer
from scratchml.training import NextTokenBatches, fit, next_token_windows
from scratchml.transformer import GPT, GPTConfig

SEED = 0
SAMPLES = 1000
MODELS = {
    "idioms": dict(
        words=idioms, is_valid=lambda w: len(w) == 4, longest=4,
        context_length=15, embedding_dim=40, num_heads=4, num_layers=2,
        batch_size=64, steps=150, epochs=20, peak=0.006, weight_decay=0.3,
    ),
    "names": dict(
        words=lambda: [n.lower() for n in names()],
        is_valid=lambda w: w.isalpha() and w.isascii(), longest=15,
        context_length=32, embedding_dim=64, num_heads=4, num_layers=3,
        batch_size=32, steps=100, epochs=20, peak=0.003, weight_decay=0.3,
    ),
}
