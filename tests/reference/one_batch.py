"""A data set of one batch, for tests of what a model does with data sets."""

import keras


class Batches(keras.utils.PyDataset):
    """One batch of whatever it is given."""

    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.arrays
