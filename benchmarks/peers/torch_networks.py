"""The three architectures in PyTorch: encoders `images -> (mean, log_var)`, decoders to logits."""

from torch import nn


class Encoder(nn.Module):
    """A body, and two heads on it."""

    def __init__(self, body, features, latent_dim, *, relu_heads=False):
        super().__init__()
        self.body = body
        self.mean = nn.Linear(features, latent_dim)
        self.log_var = nn.Linear(features, latent_dim)
        self.relu_heads = relu_heads

    def forward(self, x):
        hidden = self.body(x)
        mean, log_var = self.mean(hidden), self.log_var(hidden)
        return (mean.relu(), log_var.relu()) if self.relu_heads else (mean, log_var)


def networks(architecture, latent_dim):
    """Return encoder and decoder; images `(batch, 1, 28, 28)`."""
    if architecture == "conv":
        encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        decoder = nn.Sequential(
            nn.Linear(latent_dim, 64 * 7 * 7),
            nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),
        )
        return Encoder(encoder, 64 * 7 * 7, latent_dim), decoder
    if architecture == "mlp_400x2":
        encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 400), nn.ReLU()
        )
        decoder = nn.Sequential(
            nn.Linear(latent_dim, 400),
            nn.ReLU(),
            nn.Linear(400, 400),
            nn.ReLU(),
            nn.Linear(400, 784),
            nn.Unflatten(1, (1, 28, 28)),
        )
        return Encoder(encoder, 400, latent_dim), decoder
    encoder = nn.Sequential(
        nn.Conv2d(1, 128, 5, padding=2),
        nn.ReLU(),
        nn.Conv2d(128, 64, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 14 * 14, 32),
        nn.ReLU(),
    )
    decoder = nn.Sequential(
        nn.Linear(latent_dim, 64 * 14 * 14),
        nn.ReLU(),
        nn.Unflatten(1, (64, 14, 14)),
        nn.ConvTranspose2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 64, 3, stride=2, padding=1, output_padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 128, 5, padding=2),
        nn.ReLU(),
        nn.ConvTranspose2d(128, 1, 5, padding=2),
    )
    return Encoder(encoder, 32, latent_dim, relu_heads=True), decoder
