/// Which layers of a configuration are classes of Keras itself.
enum KerasClasses {
  /// Whether a layer's entry is one of Keras' own classes. The module decides where the file has it, else the package under which a
  /// class was registered, else the name.
  static func isKeras(_ entry: JSONValue) -> Bool {
    if let module = entry["module"]?.text {
      let packages = ["keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras"]
      return packages.contains { module == $0 || module.hasPrefix("\($0).") }
    }
    // Keras 3 leaves the module out of a class of the user's own and says under what name it was registered.
    if entry["registered_name"]?.text != nil { return false }
    let name = entry["class_name"]?.text ?? ""
    guard let end = name.lastIndex(of: ">") else { return names.contains(name) }
    return name[..<end].lowercased() == "keras"
  }

  /// The layers of Keras 2.13 and 3.15, experimental and deprecated ones among them, and those that only older files name.
  /// Source: the public classes of `keras.layers` and `tensorflow.keras.layers`.
  static let names = Set(
    """
    AbstractRNNCell Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention
    AlphaDropout AtrousConvolution1D AtrousConvolution2D Attention AugMix AutoContrast Average AveragePooling1D
    AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization Bidirectional
    CategoryEncoding CenterCrop ClassMethod Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D
    Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D
    Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D
    Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix Deconvolution2D Deconvolution3D Dense DenseFeatures
    DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten
    FlaxLayer GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D
    GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
    HashedCrossing Hashing Highway Identity InputLayer InputSpec InstanceMethod InstanceProperty IntegerLookup
    JaxLayer LSTM LSTMCell Lambda Layer LayerNormalization LeakyReLU LinearModel LocallyConnected1D
    LocallyConnected2D Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D
    MaxPooling3D Maximum MaxoutDense MelSpectrogram Merge Minimum MixUp MultiHeadAttention Multiply Normalization
    PReLU ParametricSoftplus Permute Pipeline PreprocessingLayer RMSNormalization RNN RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing
    RandomFlip RandomFourierFeatures RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
    RandomTranslation RandomWidth RandomZoom ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding SReLU
    STFTSpectrogram SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D SequenceFeatures
    SimpleRNN SimpleRNNCell SlicingOpLambda Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells StringLookup Subtract SyncBatchNormalization TFOpLambda TFSMLayer
    TensorFlowOpLayer TextVectorization ThresholdedReLU TimeDistributed TimeDistributedDense TorchModuleWrapper
    UnitNormalization UpSampling1D UpSampling2D UpSampling3D WideDeepModel Wrapper ZeroPadding1D ZeroPadding2D
    ZeroPadding3D
    """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
