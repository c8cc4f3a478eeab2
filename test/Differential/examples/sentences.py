import pathlib
import sys

import torch
from safetensors.torch import load_file

DATA = pathlib.Path(__file__).parents[3] / "examples" / "data"
sys.path.append(str(DATA))
from make_sentences import WORDS, encode  # noqa: E402

ARGUMENTS = {}
RELATIVE, ABSOLUTE = 0, 5.1e-4


def numbers():
    said = ["the cat eats a fish", "a kitten devours the trout", "the trout devours a kitten", "the kitten naps", "a lady hums", "a woman sings"]
    ids = [[WORDS.index(w) for w in ["cls", *s.split(), "sep"]] for s in said]
    e = encode(load_file(DATA / "sentences.safetensors"), torch.tensor([i + [0] * (8 - len(i)) for i in ids]))
    return (e @ e.T).flatten().tolist()
