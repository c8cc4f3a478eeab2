"""Writes sentences.safetensors: a small BERT (Devlin et al. 2018), under the names of Hugging Face's checkpoints, that was taught
which sentences of a toy language mean the same. A sentence is [CLS] words [SEP] and padding. Needs numpy, torch and safetensors.

The words are numbered in WORDS' order; the two of a pair mean the same. Sentences with the same meaning are drawn together, all
others apart (InfoNCE), also those that only have their subject and object swapped."""
import pathlib
import random

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

SPECIAL = ["pad", "cls", "sep", "the", "a"]
NOUNS = [("cat", "kitten"), ("dog", "hound"), ("man", "fellow"), ("woman", "lady"), ("fish", "trout"), ("bird", "sparrow")]
VERBS = [("sees", "spots"), ("likes", "loves"), ("hunts", "chases"), ("eats", "devours")]
ALONE = [("sleeps", "naps"), ("sings", "hums")]  # verbs without an object
WORDS = SPECIAL + [w for pair in NOUNS + VERBS + ALONE for w in pair]
D, HEADS, LAYERS, INNER, LONGEST = 24, 4, 2, 48, 8
r = random.Random(0)
torch.manual_seed(0)


def spoken(meaning):
    words = [r.choice(["the", "a"]), r.choice(meaning[0]), r.choice(meaning[1])]
    if len(meaning) == 3:
        words += [r.choice(["the", "a"]), r.choice(meaning[2])]
    ids = [WORDS.index(w) for w in ["cls", *words, "sep"]]
    return ids + [0] * (LONGEST - len(ids))


def meanings(n):
    out = set()
    while len(out) < n:
        if r.random() < 0.2:
            out.add((r.choice(NOUNS), r.choice(ALONE)))
        else:
            subject, object_ = r.sample(NOUNS, 2)
            verb = r.choice(VERBS)
            out |= {(subject, verb, object_), (object_, verb, subject)}
    return list(out)


names = {"embeddings.word_embeddings.weight": (len(WORDS), D), "embeddings.position_embeddings.weight": (LONGEST, D),
         "embeddings.token_type_embeddings.weight": (2, D)}
for k in range(LAYERS):
    n = f"encoder.layer.{k}."
    for part, (o, i) in {"attention.self.query": (D, D), "attention.self.key": (D, D), "attention.self.value": (D, D),
                         "attention.output.dense": (D, D), "intermediate.dense": (INNER, D), "output.dense": (D, INNER)}.items():
        names |= {n + part + ".weight": (o, i), n + part + ".bias": (o,)}
p = {name: (0.3 * torch.randn(shape) if len(shape) > 1 else torch.zeros(shape)) for name, shape in names.items()}
for part in ["embeddings", *(f"encoder.layer.{k}.{o}" for k in range(LAYERS) for o in ("attention.output", "output"))]:
    p |= {part + ".LayerNorm.weight": torch.ones(D), part + ".LayerNorm.bias": torch.zeros(D)}
for v in p.values():
    v.requires_grad_()


def encode(p, ids):
    """The mean over the words of the last layer, of length 1."""
    d, layers = p["embeddings.word_embeddings.weight"].shape[1], sum(n.endswith("attention.self.query.bias") for n in p)
    ln = lambda x, name: F.layer_norm(x, (d,), p[name + ".LayerNorm.weight"], p[name + ".LayerNorm.bias"], 1e-12)
    linear = lambda x, name: F.linear(x, p[name + ".weight"], p[name + ".bias"])
    b, t = ids.shape
    word = ids != 0
    x = p["embeddings.word_embeddings.weight"][ids] + p["embeddings.position_embeddings.weight"][:t] + p["embeddings.token_type_embeddings.weight"][0]
    x = ln(x, "embeddings")
    for k in range(layers):
        n = f"encoder.layer.{k}."
        q, key, v = (linear(x, n + "attention.self." + part).reshape(b, t, HEADS, -1).transpose(1, 2) for part in ("query", "key", "value"))
        y = F.scaled_dot_product_attention(q, key, v, attn_mask=word[:, None, None]).transpose(1, 2).reshape(b, t, d)
        x = ln(x + linear(y, n + "attention.output.dense"), n + "attention.output")
        x = ln(x + linear(F.gelu(linear(x, n + "intermediate.dense")), n + "output.dense"), n + "output")
    x = (x * word[..., None]).sum(1) / word.sum(1, keepdim=True)
    return F.normalize(x, dim=1)


if __name__ == "__main__":
    adam = torch.optim.Adam(p.values(), lr=3e-3)
    for i in range(1500):
        said = meanings(48)
        a, b = (encode(p, torch.tensor([spoken(m) for m in said])) for _ in range(2))
        loss = F.cross_entropy(10 * a @ b.T, torch.arange(len(said)))
        adam.zero_grad()
        loss.backward()
        adam.step()
        adam.param_groups[0]["lr"] = 3e-3 * (1 - i / 1500)
        if i % 150 == 0:
            print(i, loss.item())
    save_file({k: v.detach() for k, v in p.items()}, pathlib.Path(__file__).parent / "sentences.safetensors")
