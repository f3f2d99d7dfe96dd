"""Plain PyTorch: the loop of its tutorials, and what its tuning guide adds to that.

`resident=False` is `DataLoader(TensorDataset)` as in the tutorials; `resident=True` keeps all
images on the device and draws batches with a permutation, which is the fastest way where they fit.
`compiled=True` compiles the loss, forward and backward, as one graph for each shape of a batch;
`fused=True` has the whole optimizer step in one kernel, as the guide to the optimizers advises.
"""

import torch
from base import Contender, Task, Unsuited
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from torch_networks import networks


class VAE(torch.nn.Module):
    def __init__(self, architecture, latent_dim, likelihood):
        super().__init__()
        self.encoder, self.decoder = networks(architecture, latent_dim)
        self.likelihood = likelihood

    def forward(self, x):
        """Return the loss: summed over pixels and codes, divided by the images of the batch."""
        mean, log_var = self.encoder(x)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        logits = self.decoder(z)
        if self.likelihood == "bernoulli":
            pixels = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        else:
            pixels = functional.mse_loss(torch.sigmoid(logits), x, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
        return (pixels + kl) / x.shape[0]


class Loop(Contender):
    packages = ("torch",)

    def __init__(
        self, task: Task, *, channels_last=False, compiled=False, resident=False, fused=False
    ) -> None:
        super().__init__(task)
        if channels_last and not compiled and task.architecture.startswith("mlp"):
            raise Unsuited("there is no convolution whose memory format could change")
        torch.manual_seed(task.seed)
        # What PyTorch itself advises on a GPU that has TF32; JAX computes so by default.
        torch.set_float32_matmul_precision("high")
        self.torch_device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.resident = resident
        self.vae = VAE(task.architecture, task.latent_dim, task.likelihood)
        self.vae.to(self.torch_device, memory_format=self.format)
        self.optimizer = torch.optim.Adam(
            self.vae.parameters(),
            lr=task.learning_rate,
            eps=task.epsilon,
            # `None` is PyTorch's own choice.
            fused=True if fused else None,
        )
        self.loss = self.vae
        if compiled:
            # CUDA graphs take the launching of small kernels away.
            mode = "reduce-overhead" if self.torch_device.type == "cuda" else "default"
            self.loss = torch.compile(self.vae, fullgraph=True, dynamic=False, mode=mode)

    def prepare(self, images):
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255)
        x = x.contiguous(memory_format=self.format)
        return x.to(self.torch_device) if self.resident else x

    def train(self, data, epochs):
        self.vae.train()
        batches = self._resident_batches if self.resident else self._loaded_batches(data)
        for _ in range(epochs):
            total = torch.zeros((), device=self.torch_device)
            for x in batches(data):
                self.optimizer.zero_grad()
                loss = self.loss(x)
                loss.backward()
                self.optimizer.step()
                total += loss.detach() * len(x)
            total.item()  # what a loop prints; waits for the device

    def _loaded_batches(self, data):
        loader = DataLoader(
            TensorDataset(data),
            batch_size=self.task.batch_size,
            shuffle=True,
            pin_memory=self.torch_device.type == "cuda",
        )

        def batches(_):
            for (x,) in loader:
                x = x.to(self.torch_device, non_blocking=True)
                yield x.contiguous(memory_format=self.format)

        return batches

    def _resident_batches(self, data):
        order = torch.randperm(len(data), device=data.device)
        for part in order.split(self.task.batch_size):
            yield data[part].contiguous(memory_format=self.format)

    @torch.inference_mode()
    def reconstruct(self, data):
        self.vae.eval()
        pictures = [
            torch.sigmoid(self.vae.decoder(self.vae.encoder(x.to(self.torch_device))[0])).cpu()
            for x in data.split(self.task.inference_batch_size)
        ]
        return torch.cat(pictures).numpy()

    @torch.inference_mode()
    def encode(self, data):
        self.vae.eval()
        parts = [
            self.vae.encoder(x.to(self.torch_device))
            for x in data.split(self.task.inference_batch_size)
        ]
        return tuple(torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True))

    @torch.inference_mode()
    def decode(self, codes):
        z = torch.from_numpy(codes).to(self.torch_device)
        parts = [self.vae.decoder(part) for part in z.split(self.task.inference_batch_size)]
        return torch.sigmoid(torch.cat(parts)).cpu().numpy()

    def parameters(self):
        return sum(weight.numel() for weight in self.vae.parameters())

    def device(self):
        cuda = self.torch_device.type == "cuda"
        return torch.cuda.get_device_name() if cuda else "cpu"

    def device_memory(self):
        return torch.cuda.max_memory_allocated() if self.torch_device.type == "cuda" else None


contender = Loop
