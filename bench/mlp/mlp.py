"""PyTorch's twin of mlp.tds: milliseconds a step, eager or (argument `compile`) torch.compile. THREADS in the environment."""
import os
import sys
import time

import torch

torch.set_num_threads(int(os.environ.get("THREADS", "1")))
torch.manual_seed(0)
inputs, hidden, batch, steps = 784, 512, 128, 300
net = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10))
adam = torch.optim.Adam(net.parameters(), lr=1e-3, foreach=True)
x, y = torch.randn(batch, inputs), torch.randint(0, 10, (batch,))


def step():
    loss = torch.nn.functional.cross_entropy(net(x), y)
    adam.zero_grad()
    loss.backward()
    adam.step()


if sys.argv[1:] == ["compile"]:
    step = torch.compile(step)
for _ in range(20):
    step()
begin = time.perf_counter()
for _ in range(steps):
    step()
print(f"{(time.perf_counter() - begin) * 1000 / steps:.3f}")
