#!/usr/bin/env python3
"""The same step in PyTorch on the CPU: its peak of memory, and its time. THREADS limits the threads.

Peak: what the allocator hands out at once, parameters and gradients and inputs included, as the profiler's memory events have it.
"""
import os
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(int(os.environ.get("THREADS", "1")))
torch.manual_seed(0)
C, T, D, L, H, B = 128, 128, 256, 4, 4, 8


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.up, self.down = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

    def forward(self, x, fused):
        b, n, _ = x.shape
        q, k, v = (y.reshape(b, n, H, D // H).transpose(1, 2) for y in self.qkv(self.ln1(x)).split(D, 2))
        if fused:
            a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            s = q @ k.transpose(2, 3) / (D // H) ** 0.5
            a = s.masked_fill(torch.ones(n, n, dtype=torch.bool).triu(1), float("-inf")).softmax(3) @ v
        x = x + self.proj(a.transpose(1, 2).reshape(b, n, D))
        return x + self.down(F.gelu(self.up(self.ln2(x))))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters, self.places = nn.Embedding(C, D), nn.Parameter(0.1 * torch.randn(T, D))
        self.blocks, self.ln, self.out = nn.ModuleList(Block() for _ in range(L)), nn.LayerNorm(D), nn.Linear(D, C)

    def forward(self, text, fused):
        x = self.letters(text) + self.places[: text.shape[1]]
        for block in self.blocks:
            x = block(x, fused)
        return self.out(self.ln(x))


def step(model, text, fused):
    model.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(text[:, :-1], fused).flatten(0, 1), text[:, 1:].flatten())
    loss.backward()
    return loss


def peak(run):
    """The largest sum of what the CPU allocator has handed out, above what there was when it began."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        run()
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    return most


text = torch.randint(0, C, (B, T + 1))
for fused in (False, True):
    model = Gpt()
    step(model, text, fused)
    model.zero_grad(set_to_none=True)
    held = sum(p.numel() * p.element_size() for p in model.parameters()) + text.numel() * text.element_size()
    most = held + peak(lambda: step(model, text, fused))
    start = time.perf_counter()
    for _ in range(10):
        step(model, text, fused)
    took = (time.perf_counter() - start) / 10
    print(f"PyTorch {torch.__version__}, {'fused' if fused else 'plain'} attention: peak {most / 2**20:.1f} MiB, {1000 * took:.1f} ms")
