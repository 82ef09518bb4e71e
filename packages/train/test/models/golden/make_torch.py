"""Golden values of the networks, loss and optimiser, from PyTorch 2.13.0 (cpu, float32): python make_torch.py > torch.json"""

import json
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
INPUTS, WIDTH, STEPS, LABELS, BATCH = 6, 8, 5, 2, 3


def pseudo(seed, count):
    """The same numbers in (-1, 1) as pseudoRandom() in ../golden.ts."""
    out = []
    for i in range(count):
        x = math.sin(12.9898 * (i + 1) + 78.233 * (seed + 1)) * 43758.5453
        out.append(2 * (x - math.floor(x)) - 1)
    return torch.tensor(out, dtype=torch.float64).float()


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fcn_layer = nn.Linear(width, width)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, x):
        return F.relu(self.layer_norm(self.fcn_layer(x)))


class Mlp(nn.Module):
    shape = (BATCH, INPUTS)

    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(INPUTS, WIDTH)
        self.layernorm1 = nn.LayerNorm(WIDTH)
        self.blocks = nn.ModuleList([Block(WIDTH), Block(WIDTH)])
        self.last_layer = nn.Linear(WIDTH, LABELS)

    def forward(self, x):
        x = F.relu(self.layernorm1(self.layer1(x)))
        for block in self.blocks:
            x = block(x)
        return self.last_layer(x)


class ConvAttention(nn.Module):
    shape = (BATCH, STEPS, INPUTS)

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(INPUTS, WIDTH, 3, padding=1)
        self.norm1 = nn.LayerNorm(WIDTH)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, padding=1)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 4, batch_first=True)
        self.norm3 = nn.LayerNorm(WIDTH)
        self.output = nn.Linear(WIDTH, LABELS)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x.transpose(1, 2)).transpose(1, 2)))
        x = F.relu(self.norm2(self.conv2(x.transpose(1, 2)).transpose(1, 2)))
        x = self.norm3(x + self.attention(x, x, x)[0])
        return self.output(x.mean(1))


class Crnn(nn.Module):
    shape = (BATCH, STEPS, INPUTS)

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(INPUTS, WIDTH, 3, padding=1)
        self.norm1 = nn.LayerNorm(WIDTH)
        self.gru = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.output = nn.Linear(WIDTH, LABELS)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv(x.transpose(1, 2)).transpose(1, 2)))
        return self.output(self.norm2(self.gru(x)[0][:, -1]))


class Dnn(nn.Module):
    shape = (BATCH, STEPS, INPUTS)

    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(STEPS * INPUTS, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH)
        self.layer2 = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.output = nn.Linear(WIDTH, LABELS)

    def forward(self, x):
        x = F.relu(self.norm1(self.layer1(x.flatten(1))))
        return self.output(F.relu(self.norm2(self.layer2(x))))


def fill(model):
    for name, parameter in model.named_parameters():
        seed = sum(map(ord, name))
        values = pseudo(seed, parameter.numel()).reshape(parameter.shape)
        if parameter.dim() > 1:
            values = values * math.sqrt(3 / (parameter.numel() / parameter.shape[0]))
        else:
            values = values * 0.3 + (1 if "norm" in name and name.endswith("weight") else 0)
        with torch.no_grad():
            parameter.copy_(values)


TARGETS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.25, 0.0]])
WEIGHTS = torch.tensor([[1.0], [2.0], [0.5]])


def loss_of(logits):
    """Label smoothing 0.1, positives weighted 3, negatives 1, examples as WEIGHTS."""
    soft = TARGETS * 0.9 + 0.05
    each = F.binary_cross_entropy_with_logits(logits, soft, reduction="none")
    return (each * (TARGETS * 2 + 1) * WEIGHTS).mean()


def brief(tensors):
    return {name: [t.double().norm().item(), *t.flatten()[:3].tolist()] for name, t in tensors}


result = {"torch": torch.__version__, "models": {}}
for key, kind in {"mlp": Mlp, "conv-attention": ConvAttention, "crnn": Crnn, "dnn": Dnn}.items():
    model = kind()
    fill(model)
    x = pseudo(7, math.prod(kind.shape)).reshape(kind.shape) * 2
    named = list(model.named_parameters())
    logits = model(x)
    loss = loss_of(logits)
    loss.backward()
    entry = {
        "parameters": {name: list(p.shape) for name, p in named},
        "logits": logits.flatten().tolist(),
        "loss": loss.item(),
        "gradients": brief((name, p.grad) for name, p in named),
    }
    decays = [p for _, p in named if p.dim() > 1]
    plain = [p for _, p in named if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decays, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}], betas=(0.8, 0.95), eps=1e-6
    )
    for rate in (0.01, 0.02, 0.005):
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss_of(model(x)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
    entry["trained"] = brief((name, p.detach()) for name, p in named)
    result["models"][key] = entry

z = torch.tensor([[-3.0, 0.5], [40.0, -40.0], [0.0, 2.0]])
y = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.3]])
bce = F.binary_cross_entropy_with_logits(z, y, reduction="none")
focal = bce * (1 - torch.exp(-bce)) ** 2
result["loss"] = {"bce": bce.mean().item(), "focal": focal.mean().item()}
print(json.dumps(result, indent=1))
