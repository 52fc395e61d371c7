"""scratchml: neural networks and Transformers from scratch, in numpy."""

from scratchml.activations import (
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
from scratchml.datasets import Digits, digits, one_hot, xor
from scratchml.gradient_check import GradientError, check_gradients, numerical_gradient
from scratchml.losses import (
    cross_entropy,
    cross_entropy_gradient,
    squared_error,
    squared_error_gradient,
)
from scratchml.neural_network import Layer, NeuralNetwork, Neuron

__all__ = [
    "Digits",
    "GradientError",
    "Layer",
    "NeuralNetwork",
    "Neuron",
    "check_gradients",
    "cross_entropy",
    "cross_entropy_gradient",
    "digits",
    "gelu",
    "gelu_derivative",
    "identity",
    "identity_derivative",
    "numerical_gradient",
    "one_hot",
    "relu",
    "relu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "softmax",
    "squared_error",
    "squared_error_gradient",
    "tanh",
    "tanh_derivative",
    "xor",
]
