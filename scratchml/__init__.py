"""scratchml: neural networks and Transformers from scratch, in numpy."""

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
from scratchml.checkpoint import (
    load_checkpoint,
    pretrained,
    resume_checkpoint,
    save_checkpoint,
)
from scratchml.data_parallel import DataParallel
from scratchml.datasets import Digits, digits, idioms, names, one_hot, spirals, xor
from scratchml.embedding import Embedding
from scratchml.generation import generate, next_token_probabilities
from scratchml.gradient_check import GradientError, check_gradients, numerical_gradient
from scratchml.key_value_cache import KeyValueCache
from scratchml.linear import Linear
from scratchml.losses import (
    CrossEntropy,
    Loss,
    SquaredError,
    cross_entropy,
    cross_entropy_gradient,
    squared_error,
    squared_error_gradient,
)
from scratchml.module import Module, Parameter, Sequential
from scratchml.neural_network import Layer, NeuralNetwork, Neuron
from scratchml.next_token_batches import NextTokenBatches, next_token_windows
from scratchml.normalization import LayerNorm
from scratchml.optimizers import SGD, Adam, Optimizer, warmup_cosine
from scratchml.positional_encoding import sinusoidal_positions
from scratchml.tokenizers import BPETokenizer, CharTokenizer, Tokenizer
from scratchml.training import History, MiniBatches, fit, mean_loss
from scratchml.transformer import GPT, FeedForward, GPTConfig, TransformerBlock

__all__ = [
    "Adam",
    "BPETokenizer",
    "CharTokenizer",
    "CrossEntropy",
    "DataParallel",
    "Digits",
    "Embedding",
    "FeedForward",
    "GELU",
    "GPT",
    "GPTConfig",
    "GradientError",
    "History",
    "KeyValueCache",
    "Layer",
    "LayerNorm",
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
    "ReLU",
    "SGD",
    "SelfAttention",
    "Sequential",
    "Sigmoid",
    "SquaredError",
    "Tanh",
    "Tokenizer",
    "TransformerBlock",
    "attention_gradients",
    "causal_mask",
    "check_gradients",
    "cross_entropy",
    "cross_entropy_gradient",
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
    "tanh",
    "tanh_derivative",
    "warmup_cosine",
    "xor",
]
