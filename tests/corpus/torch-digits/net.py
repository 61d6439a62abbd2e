import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self, x):
        return self.body(x)


def save_checkpoint(model, optimiser, epoch, path="checkpoints/last.pt"):
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "epoch": epoch}, path)
