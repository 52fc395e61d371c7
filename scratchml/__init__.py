"""scratchml: neural networks and Transformers from scratch, in numpy.

The modules, in the order in which the book explains them:

neural_network       a neuron, a layer, a network      neurons-and-layers
activations          ReLU and its like; softmax        activation-functions
losses               how wrong the outputs are         loss-functions
gradient_check       slopes by nudging                 backpropagation
initialization       how large the first weights are   network-from-scratch
module               forward, and then backward        vectorized-layers
linear               a layer as a matrix product       vectorized-layers
optimizers           steps, cleared gradients; Adam    optimization, training
batches              examples and texts in batches     training
training             the loop                          training
tokenizers           text to numbers                   tokens
embedding            a row of numbers for a token      embeddings
positional_encoding  where a token stands              positional-encoding
attention            looking at other tokens           attention
normalization        the same mean and size            layer-normalization
transformer          the block, and a GPT of them      transformer-block, gpt
checkpoint           a model in a file                 training-a-gpt
key_value_cache      what has been read                generation
generation           one token after the other         generation
distributed          many processes, one model         many-computers
datasets             the data of the examples

`_checks` says what is refused, `_kernels` holds what is written for speed, and `_files`
keeps a file whole while it is written.
"""

from scratchml.activations import (
    GELU,
    ReLU,
    Sigmoid,
    Tanh,
    gelu,
    gelu_derivative,
    identity,
    identity_derivative,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    tanh,
    tanh_derivative,
)
from scratchml.attention import (
    MultiHeadAttention,
    SelfAttention,
    attention_gradients,
    causal_mask,
    scaled_dot_product_attention,
)
from scratchml.batches import MiniBatches, NextTokenBatches, next_token_windows
from scratchml.checkpoint import (
    load_checkpoint,
    pretrained,
    resume_checkpoint,
    save_checkpoint,
)
from scratchml.datasets import (
    Apples,
    BlackCat,
    Digits,
    WordVectors,
    apples,
    black_cat,
    digit_from_strokes,
    digits,
    idioms,
    names,
    one_hot,
    spirals,
    word_vectors,
    xor,
)
from scratchml.distributed import ProcessGroup
from scratchml.embedding import Embedding
from scratchml.generation import generate, next_token_probabilities
from scratchml.gradient_check import GradientError, check_gradients, numerical_gradient
from scratchml.initialization import standard_deviation
from scratchml.key_value_cache import KeyValueCache
from scratchml.linear import Linear
from scratchml.losses import (
    CrossEntropy,
    Loss,
    SquaredError,
    cross_entropy,
    cross_entropy_gradient,
    next_token_loss,
    squared_error,
    squared_error_gradient,
)
from scratchml.module import Module, Parameter, Sequential
from scratchml.neural_network import Layer, NeuralNetwork, Neuron
from scratchml.normalization import LayerNorm
from scratchml.optimizers import SGD, Adam, Optimizer, warmup_cosine
from scratchml.positional_encoding import (
    LearnedPositions,
    SinusoidalPositions,
    sinusoidal_positions,
)
from scratchml.tokenizers import BPETokenizer, CharTokenizer, Tokenizer
from scratchml.training import History, fit, mean_loss, train_epoch
from scratchml.transformer import GPT, FeedForward, GPTConfig, TransformerBlock

__all__ = [
    "GELU",
    "GPT",
    "SGD",
    "Adam",
    "Apples",
    "BPETokenizer",
    "BlackCat",
    "CharTokenizer",
    "CrossEntropy",
    "Digits",
    "Embedding",
    "FeedForward",
    "GPTConfig",
    "GradientError",
    "History",
    "KeyValueCache",
    "Layer",
    "LayerNorm",
    "LearnedPositions",
    "Linear",
    "Loss",
    "MiniBatches",
    "Module",
    "MultiHeadAttention",
    "NeuralNetwork",
    "Neuron",
    "NextTokenBatches",
    "Optimizer",
    "Parameter",
    "ProcessGroup",
    "ReLU",
    "SelfAttention",
    "Sequential",
    "Sigmoid",
    "SinusoidalPositions",
    "SquaredError",
    "Tanh",
    "Tokenizer",
    "TransformerBlock",
    "WordVectors",
    "apples",
    "attention_gradients",
    "black_cat",
    "causal_mask",
    "check_gradients",
    "cross_entropy",
    "cross_entropy_gradient",
    "digit_from_strokes",
    "digits",
    "fit",
    "gelu",
    "gelu_derivative",
    "generate",
    "identity",
    "identity_derivative",
    "idioms",
    "load_checkpoint",
    "mean_loss",
    "names",
    "next_token_loss",
    "next_token_probabilities",
    "next_token_windows",
    "numerical_gradient",
    "one_hot",
    "pretrained",
    "relu",
    "relu_derivative",
    "resume_checkpoint",
    "save_checkpoint",
    "scaled_dot_product_attention",
    "sigmoid",
    "sigmoid_derivative",
    "sinusoidal_positions",
    "softmax",
    "spirals",
    "squared_error",
    "squared_error_gradient",
    "standard_deviation",
    "tanh",
    "tanh_derivative",
    "train_epoch",
    "warmup_cosine",
    "word_vectors",
    "xor",
]
