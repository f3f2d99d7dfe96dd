"""Sharing of batches, as far as one device and one process can tell."""

import keras
import numpy as np
import pytest

import vae_keras
from vae_keras.backend.parallel import check_distributable, join_processes, process_number
from vae_keras.backend.replicas import mean_over_batch, mean_over_replicas, own_rows, replicas
from vae_keras.errors import ArgumentError
from vae_keras.models import check_batch_size
from vae_keras.models.fitting import data_parallel as sharing

BACKEND = keras.backend.backend()
not_torch = pytest.mark.skipif(BACKEND == "torch", reason="PyTorch cannot share batches")


class Distribution:
    """What `sharing` asks of Keras' `DataParallel`: four devices in two processes."""

    num_model_replicas, num_processes, auto_shard_dataset = 4, 2, False

    def __init__(self, process=0):
        self.data_shard_id = process


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    for name in ("TF_CONFIG", "KERAS_DISTRIBUTION_JOB_ADDRESSES", "KERAS_DISTRIBUTION_PROCESS_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.backend
@not_torch
def test_with_one_device_training_goes_on_and_it_says_so(tiny_vae, make_images):
    name = keras.distribution.list_devices()[0]
    with pytest.warns(UserWarning, match=rf"one device, {name}: training continues"):
        scope = vae_keras.distribute([name])
        devices = scope.__enter__()
    assert devices == 1
    assert tiny_vae().fit(make_images(8), verbose=0).history["loss"][0] > 0
    scope.__exit__(None, None, None)


@pytest.mark.backend
@not_torch
@pytest.mark.parametrize("devices", [["gpu:99"], []])
def test_unknown_devices(devices):
    with (
        pytest.raises(ArgumentError, match=r"`devices` must be some of .*Received: devices="),
        vae_keras.distribute(devices),
    ):
        pass


@pytest.mark.backend
@pytest.mark.skipif(BACKEND != "torch", reason="what PyTorch says")
def test_pytorch_says_what_to_do():
    with pytest.raises(ArgumentError, match="KERAS_BACKEND=jax"), vae_keras.distribute():
        pass


def test_backends_that_cannot(monkeypatch):
    check_distributable("tensorflow")
    with pytest.raises(ArgumentError, match=r"`distribute` must be .* Received: backend='torch'"):
        check_distributable("torch")
    for name in ("TF_CONFIG", "KERAS_DISTRIBUTION_JOB_ADDRESSES"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "there")
            with pytest.raises(ArgumentError, match=rf"#20585.*{name} set"):
                check_distributable("tensorflow")
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "10.0.0.1:1234")
    check_distributable("jax")


@pytest.mark.backend
@pytest.mark.skipif(BACKEND != "jax", reason="processes are of JAX")
def test_processes_that_the_environment_does_not_tell_enough_of(monkeypatch):
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "127.0.0.1:1")
    with pytest.raises(ArgumentError, match="KERAS_DISTRIBUTION_NUM_PROCESSES"):
        join_processes()


def test_process_number(monkeypatch):
    assert process_number() == 0
    monkeypatch.setenv("KERAS_DISTRIBUTION_PROCESS_ID", "3")
    assert process_number() == 0  # a number left over from something else
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "10.0.0.1:1234")
    assert process_number() == 3


@pytest.mark.backend
def test_on_one_device_a_batch_is_whole():
    values = keras.ops.convert_to_tensor([1.0, 2.0, 6.0])
    assert replicas() == 1
    assert float(mean_over_batch(values)) == 3.0
    assert keras.ops.convert_to_numpy(mean_over_replicas(values)).tolist() == [1.0, 2.0, 6.0]
    assert own_rows(lambda n: ("drawn", n), 5, 2) == ("drawn", 5)


def test_batch_size_that_does_not_divide():
    check_batch_size(128, 4)
    with pytest.raises(
        ArgumentError, match=r"`batch_size` .* devices, which is 4. Received: batch_size=30"
    ):
        check_batch_size(30, 4)


def batches(process, n=10, size=8, y=None, weight=None, *, shuffle=False):
    x = np.arange(n).reshape(n, 1, 1, 1)
    whole = sharing._ArrayBatches(x, y, weight, size, shuffle=shuffle)
    parts = sharing._Parts(whole, Distribution(process))
    return [parts[index] for index in range(parts.num_batches)]


def test_processes_share_a_batch_and_the_last_is_filled_up():
    first, second = batches(0), batches(1)
    assert len(first) == len(second) == 2
    assert first[0][0].ravel().tolist() == [0, 1, 2, 3]
    assert second[0][0].ravel().tolist() == [4, 5, 6, 7]
    # Two images are left for four devices: their copies weigh nothing.
    assert first[1][0].ravel().tolist() == second[1][0].ravel().tolist() == [8, 9]
    assert [part[1][2].tolist() for part in (first, second)] == [[1.0, 1.0], [0.0, 0.0]]
    assert first[0][2].dtype == np.float32


def test_labels_and_weights_go_with_their_images():
    y, weight = np.arange(10) * 10, np.arange(10.0).reshape(10, 1)
    (x, labels, weights), (_, last, nothing) = batches(1, y=y, weight=weight)
    assert labels.tolist() == (x.ravel() * 10).tolist()
    assert weights.tolist() == x.ravel().tolist()
    assert last.tolist() == [80, 90]
    assert nothing.tolist() == [0.0, 0.0]


def test_the_order_is_the_same_in_each_process_and_that_of_keras():
    orders = []
    for process in (0, 1):
        np.random.seed(3)  # noqa: NPY002
        orders.append(
            np.concatenate([batch[0].ravel() for batch in batches(process, 8, shuffle=True)])
        )
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.permutation(8)  # noqa: NPY002
    np.testing.assert_array_equal(np.concatenate(orders), expected)


def test_a_data_set_must_have_batches_of_one_size():
    tf = pytest.importorskip("tensorflow")
    images = tf.data.Dataset.from_tensor_slices(np.zeros((10, 2, 2, 1)))
    with pytest.raises(ArgumentError, match="drop_remainder=True"):
        sharing._check_equal_batches(images.batch(4), 4)
    with pytest.raises(ArgumentError, match=r"which is 4\. Received: batch_size=6"):
        sharing._check_equal_batches(images.batch(6, drop_remainder=True), 4)
    sharing._check_equal_batches(images.batch(4, drop_remainder=True), 4)


@pytest.mark.backend
@pytest.mark.skipif(BACKEND != "jax", reason="TensorFlow shares batches by itself")
def test_fit_says_what_it_cannot_share(tiny_vae, make_images, monkeypatch):
    monkeypatch.setattr(sharing, "_devices", lambda: 4)
    vae, x = tiny_vae(), make_images(16)
    with pytest.raises(ArgumentError, match="multiple of the number of devices, which is 4"):
        vae.fit(x, batch_size=6, verbose=0)
