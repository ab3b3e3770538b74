// InferenceAPI
