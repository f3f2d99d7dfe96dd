"""pythae: its `VAE` with encoder and decoder of one's own, trained by its `BaseTrainer`.

The trainer's epochs are run without the checkpoint that `train` writes at the end.
"""

import logging
import tempfile

import numpy as np
import torch
from base import Contender, Task
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch_networks import networks

logging.disable(logging.INFO)


class Encoder(BaseEncoder):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        mean, log_var = self.network(x)
        return ModelOutput(embedding=mean, log_covariance=log_var)


class Decoder(BaseDecoder):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, z):
        return ModelOutput(reconstruction=torch.sigmoid(self.network(z)))


class SumOfSquares(VAE):
    """pythae's squared error has a 1/2 in front; without it the loss is that of the others."""

    def loss_function(self, recon_x, x, mu, log_var, z):
        _, half, kl = super().loss_function(recon_x, x, mu, log_var, z)
        return 2 * half + kl, 2 * half, kl


class Pythae(Contender):
    packages = ("pythae", "torch")

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        torch.manual_seed(task.seed)
        torch.set_float32_matmul_precision("high")
        bernoulli = task.likelihood == "bernoulli"
        encoder, decoder = networks(task.architecture, task.latent_dim)
        self.vae = (VAE if bernoulli else SumOfSquares)(
            VAEConfig(
                input_dim=(1, 28, 28),
                latent_dim=task.latent_dim,
                reconstruction_loss="bce" if bernoulli else "mse",
            ),
            encoder=Encoder(encoder),
            decoder=Decoder(decoder),
        )
        self.torch_device = "cuda" if torch.cuda.is_available() else "cpu"
        self.vae.to(self.torch_device)
        self.folder = tempfile.TemporaryDirectory()
        self.trainer, self.trained_on, self.epochs = None, None, 0

    def prepare(self, images):
        return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255).contiguous()

    def train(self, data, epochs):
        if self.trainer is None or self.trained_on is not data:
            self._new_trainer(data)
        for _ in range(epochs):
            self.epochs += 1
            self.trainer.train_step(self.epochs)

    def _new_trainer(self, data):
        """Make a trainer for `data`; the optimizer continues where the last one stopped."""
        moments = self.trainer.optimizer.state_dict() if self.trainer else None
        config = BaseTrainerConfig(
            output_dir=self.folder.name,
            learning_rate=self.task.learning_rate,
            per_device_train_batch_size=self.task.batch_size,
            optimizer_cls="Adam",
            optimizer_params={"eps": self.task.epsilon},
            seed=self.task.seed,
        )
        dataset = BaseDataset(data, torch.zeros(len(data)))
        self.trainer = BaseTrainer(self.vae, dataset, training_config=config)
        self.trainer.prepare_training()
        if moments:
            self.trainer.optimizer.load_state_dict(moments)
        self.trained_on = data

    @torch.inference_mode()
    def reconstruct(self, data):
        self.vae.eval()
        pictures = [
            self.vae.decoder(
                self.vae.encoder(x.to(self.torch_device)).embedding
            ).reconstruction.cpu()
            for x in data.split(self.task.inference_batch_size)
        ]
        return torch.cat(pictures).numpy()

    @torch.inference_mode()
    def encode(self, data):
        self.vae.eval()
        outputs = [
            self.vae.encoder(x.to(self.torch_device))
            for x in data.split(self.task.inference_batch_size)
        ]
        return (
            np.concatenate([output.embedding.cpu() for output in outputs]),
            np.concatenate([output.log_covariance.cpu() for output in outputs]),
        )

    @torch.inference_mode()
    def decode(self, codes):
        z = torch.from_numpy(codes).to(self.torch_device)
        parts = z.split(self.task.inference_batch_size)
        return np.concatenate([self.vae.decoder(part).reconstruction.cpu() for part in parts])

    def parameters(self):
        return sum(weight.numel() for weight in self.vae.parameters())

    def device(self):
        return torch.cuda.get_device_name() if self.torch_device == "cuda" else "cpu"

    def device_memory(self):
        return torch.cuda.max_memory_allocated() if self.torch_device == "cuda" else None


contender = Pythae
