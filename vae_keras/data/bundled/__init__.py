"""Files that travel with the package: the first images of Fashion-MNIST, and its licence."""
