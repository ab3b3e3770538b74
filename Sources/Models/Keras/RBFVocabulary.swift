/// What words in the names of a layer's class, variables and configuration say of the formula that it computes.
enum RBFVocabulary {
  /// The layer itself.
  static let layer: Set = ["rbf", "rbfs", "rbfn", "radial", "gauss", "gaussian", "gaussians", "duq"]
  /// Its matrix.
  static let centers: Set = [
    "center", "centers", "centre", "centres", "centroid", "centroids", "prototype", "prototypes", "mu", "mus",
  ]
  /// What multiplies the squared distance.
  static let factors: Set = ["gamma", "gammas", "beta", "betas"]

  /// What may stand beside gamma or beta in a variable's name without a meaning of its own.
  static let besideFactors: Set = [
    "rbf", "layer", "trainable", "trained", "variable", "var", "weight", "weights", "param", "parameter", "parameters",
    "vector", "vec", "scalar", "unit", "units", "per",
  ]
  /// Behind or before gamma, beta or the centers: a value to start from.
  static let initial: Set = ["init", "initial", "start", "initialization", "initialisation"]
  /// Before gamma, beta or the centers: whether they are trained.
  static let trained: Set = ["train", "trainable", "trained", "learn", "learnable", "learned", "is"]

  /// Words that stand for something that none of the forms without `--rbf-form` has.
  private static let foreign = Set(
    list(
      """
      abs absolute activated alpha alphas angle average averaged avg bn cauchy chol city cityblock cos cosh cov cubic
      degree diag dist dists dog dot double eps epsilon euc exp factor full gain gmm half hard hat height imq inner
      inv iq js kl l1 l2 lambda lambdas layernorm length linf ln log lp matern max mdn mean means median metric
      mexican min mish mixed mixture morlet mq neg norm normed norms offset order pairwise plate poly pool pow prob
      probs quintic raw relu rho rms root rooted rotation scale scaled scaler scales scaling score scores shift sim
      sinc soft sq sqrt std stds svm tanh tau taxi temp thin tied tps twice wave wavelet weighted
      """))
  /// Longer ones that people also run together with others: `inversemultiquadric`.
  private static let foreignStems = list(
    """
    activat affine amplit angul anisotr attent bandwid bias bilinear binar bump canberr chebysh circul coeffic
    compact complex conv cosin covar dense densit deviat diagon differen distan dropout ellip embed epanech euclid
    expon fourier fuzzy geodes hamming hyper invers kernel laplac lengthscale likelih linear logar logis logit
    mahalan manhat minkow mixture momen multiq negat noise normal periodic poincar polyh polyn posterior power
    precis probab project quadr radii radius random ration reciproc residu sigma sigmo similar softma softmi softp
    spheric spline spread squar stddev student taxicab temperat triangul uncert varianc wasserst wendl whiten width
    """)

  /// The first of `words` that contradicts exp(−γ d²).
  static func contradiction(in words: [String]) -> String? {
    words.first { word in Words.isOne(word, of: foreign) || foreignStems.contains { word.contains($0) } }
  }

  /// Members that give the number of units, each of which must be the number that the matrix has.
  static let units = list(
    """
    centers centres centroids hidden_units n_centers n_centres n_centroids n_classes n_clusters n_neurons n_outputs
    n_prototypes n_rbf n_units neurons num_centers num_centres num_centroids num_classes num_clusters num_neurons
    num_outputs num_prototypes num_rbf num_units out_features output_dim output_size output_units prototypes
    rbf_units units
    """)
  /// Members that give the number of features, each of which must be what reaches the layer.
  static let features = [
    "input_dim", "in_features", "input_size", "input_features", "n_features", "num_features", "feature_dim",
  ]
  /// Whether a member of this name says how large something is.
  static func isSize(_ name: String) -> Bool { units.contains(name) || features.contains(name) }

  /// In a variable's name: that it holds a function of what the rest of the name says, or an addend.
  static let functions = Set(
    list(
      """
      b bias biases cov covariance exp half inv inverse ln log logit neg negative offset precision raw reciprocal rho
      shift softplus sq sqrt square squared unconstrained var variance variances
      """))
  /// Members that every layer has, or that say nothing of what it computes.
  static let standard: Set = [
    "name", "trainable", "dtype", "batch_input_shape", "batch_shape", "batch_size", "input_shape", "build_input_shape",
    "dynamic", "autocast", "data_format", "seed",
  ]
  /// Members that no rule looks at: how a variable begins and what training asks of it.
  static let trainingSuffixes = ["_initializer", "_regularizer", "_constraint"]

  private static func list(_ text: String) -> [String] { text.split { $0 == " " || $0 == "\n" }.map(String.init) }
}
