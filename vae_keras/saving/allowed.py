"""The classes and functions of Keras that a model file may name.

All of them compute on tensors, and their arguments are numbers, names and each other: none takes
code, reads a file or runs another framework. They are listed by module and class, as Keras writes
them.
"""

_LAYERS = """
Activation ActivityRegularization Add AlphaDropout Attention Average AveragePooling2D
BatchNormalization CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Cropping2D
Dense DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten GaussianDropout GaussianNoise
GlobalAveragePooling2D GlobalMaxPooling2D GroupNormalization Identity InputLayer LayerNormalization
LeakyReLU MaxPooling2D Maximum Minimum MultiHeadAttention Multiply Normalization PReLU Permute
RMSNormalization RandomBrightness RandomContrast RandomFlip RandomRotation RandomTranslation
RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv2D Softmax SpatialDropout2D
SpectralNormalization Subtract UnitNormalization UpSampling2D ZeroPadding2D
"""
_INITIALIZERS = """
Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones
Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
"""
_OPTIMIZERS = """
Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer Muon Nadam RMSprop
SGD
"""
_SCHEDULES = """
CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay
PolynomialDecay
"""
_NUMPY_OPERATIONS = """
Absolute Add Clip Concatenate Divide Exp ExpandDims Expm1 GetItem Log Log1p Max Maximum Mean Min
Minimum Multiply Negative Power Reciprocal Reshape Sign Sqrt Square Squeeze Stack Subtract Sum Tanh
Transpose TrueDivide
"""
_NN_OPERATIONS = """
Elu Gelu HardSigmoid HardTanh LeakyRelu LogSigmoid LogSoftmax Relu Relu6 Selu Sigmoid Silu Softmax
Softplus Softsign
"""
_BY_MODULE = {
    "keras": "DTypePolicy Sequential",
    "keras.constraints": "MaxNorm MinMaxNorm NonNeg UnitNorm",
    "keras.initializers": _INITIALIZERS,
    "keras.layers": _LAYERS,
    "keras.optimizers": _OPTIMIZERS,
    "keras.optimizers.schedules": _SCHEDULES,
    "keras.regularizers": "L1 L1L2 L2 OrthogonalRegularizer",
    "keras.src.models.functional": "Functional",
    "keras.src.ops.core": "Cast",
    "keras.src.ops.nn": _NN_OPERATIONS,
    "keras.src.ops.numpy": _NUMPY_OPERATIONS,
}
CLASSES = frozenset(
    (module, name) for module, names in _BY_MODULE.items() for name in names.split()
)
_ACTIVATIONS = """
celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu
linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus
softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
"""
ACTIVATIONS = frozenset(_ACTIVATIONS.split())
FUNCTION_MODULES = ("builtins", "keras.activations")
_DTYPES = """
bool bfloat16 float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64
"""
DTYPES = frozenset(_DTYPES.split())
# What Keras writes for values that JSON does not have, with the keys of their config. Left out on
# purpose: `__lambda__` (bytecode), `__typespec__` (imports a module) and `__bytes__`.
SPECIAL = {
    "__ellipsis__": frozenset[str](),
    "__keras_tensor__": frozenset({"shape", "dtype", "keras_history"}),
    "__numpy__": frozenset({"value", "dtype"}),
    "__slice__": frozenset({"start", "stop", "step"}),
    "__tensor__": frozenset({"value", "dtype"}),
}
_COMPILE_KEYS = """
auto_scale_loss jit_compile loss loss_weights metrics optimizer run_eagerly steps_per_execution
weighted_metrics
"""
COMPILE_KEYS = frozenset(_COMPILE_KEYS.split())
