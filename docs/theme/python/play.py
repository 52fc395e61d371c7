"""What a reader plays with in the page: a model goes on writing, and a network reads a digit. Every number is computed as in
the book; this module only hands it to the page, as lines of JSON.
"""

import json
from functools import cache

import numpy as np

from scratchml import digit_from_strokes, digits, next_token_probabilities, pretrained, softmax

SHOWN = 8  # tokens of a distribution
NEAREST = 3  # training images


@cache
def _model(name):
    return pretrained(name)


def write(name, text, *, temperature, top_k, seed, most):
    """Go on with `text`, token by token: a line for each, with the distribution that it was drawn from.

    Ends with the word; where the model's context is full, as the last line says; or after `most` tokens, and then the last
    line has the distribution of what would be next. Drawn from scores rounded to three places, in float64, so that every machine draws the same.
    """
    model, tokenizer = _model(name)
    unknown = sorted(set(text) - set(tokenizer.decode(range(tokenizer.vocab_size))) | set(text) & {"\n"})
    if unknown:
        print(json.dumps({"unknown": unknown}))
        return
    rng = np.random.default_rng(seed)
    tokens = tokenizer.encode("\n" + text)
    if len(tokens) > model.config.context_length:
        print(json.dumps({"longest": model.config.context_length - 1}))
        return
    for count in range(most + 1):
        logits = model(tokens)[-1].astype(np.float64).round(3)
        if temperature == 0:
            probabilities = (np.arange(len(logits)) == logits.argmax()).astype(float)
        else:
            probabilities = next_token_probabilities(logits, temperature=temperature, top_k=top_k)
        shown = np.argsort(-probabilities, kind="stable")[:SHOWN]
        line = {
            "distribution": [[tokenizer.decode([int(t)]), float(probabilities[t])] for t in shown if probabilities[t]]
        }
        if count < most:
            token = int(rng.choice(len(probabilities), p=probabilities))
            line["token"] = tokenizer.decode([token])
            tokens.append(token)
            line["full"] = line["token"] != "\n" and len(tokens) > model.config.context_length
        print(json.dumps(line))
        if count == most or line["full"] or line["token"] == "\n":
            return


@cache
def _digits():
    return pretrained("digits"), digits()


def read(strokes):
    """What the network sees in a drawing: the image, the probability of each digit, and the nearest training images."""
    _read(digit_from_strokes(strokes))


def read_test_image(number):
    """The same for an image of the test set, with its label."""
    _, data = _digits()
    index = number % len(data.test_labels)
    _read(data.test_images[index], label=int(data.test_labels[index]))


def _read(image, **more):
    network, data = _digits()
    distances = ((data.train_images - image) ** 2).sum(axis=1)
    nearest = np.argsort(distances, kind="stable")[:NEAREST]
    print(
        json.dumps(
            {
                "image": image.tolist(),
                "probabilities": softmax(network(image[None]))[0].tolist(),
                "nearest": [
                    {"image": data.train_images[i].tolist(), "label": int(data.train_labels[i])} for i in nearest
                ],
                **more,
            }
        )
    )
