/// The components of the OpenAPI document: what its operations refer to by name.
///
/// Schemas of requests say what is refused; whether rows have the model's width only the model can say.
enum OpenAPISchemas {
  static let components = #"""
    {
      "parameters": {
        "model": {"name": "model", "in": "path", "required": true, "description": "A model's name",
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,128}$"}},
        "version": {"name": "version", "in": "path", "required": true, "description": "A model's version",
          "schema": {"type": "integer", "minimum": 1, "maximum": 9223372036854775807}},
        "label": {"name": "label", "in": "path", "required": true, "description": "'stable': the version that answers by default",
          "schema": {"type": "string", "enum": ["stable"]}},
        "requestID": {"name": "X-Request-ID", "in": "header", "required": false,
          "description": "1 to 128 visible ASCII characters, echoed; otherwise one is made", "schema": {"type": "string"}},
        "timeout": {"name": "X-Request-Timeout-Ms", "in": "header", "required": false,
          "description": "How long the caller waits, in milliseconds", "schema": {"type": "integer", "minimum": 1, "maximum": 86400000}},
        "inferenceHeader": {"name": "Inference-Header-Content-Length", "in": "header", "required": false,
          "description": "How many bytes of the (inflated) body are JSON; 0: none, the body is one row of FP32", "schema": {"type": "integer", "minimum": 0}}
      },
      "headers": {
        "requestID": {"description": "The request's, or one that was made", "required": true, "schema": {"type": "string", "minLength": 1, "maxLength": 128}},
        "retryAfter": {"description": "In seconds", "schema": {"type": "integer", "minimum": 1}},
        "acceptEncoding": {"description": "The content codings that are understood", "required": true, "schema": {"const": "gzip, deflate"}},
        "inferenceHeader": {"description": "Bytes of JSON before the binary tensors, if there are any", "schema": {"type": "integer", "minimum": 1}}
      },
      "responses": {
        "BadRequest": {"description": "The header section or the body is not what is expected",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "NotFound": {"description": "No such model or version, or a name that makes another path",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "RequestTimeout": {"description": "The header section or the body was not complete by its deadline; the connection closes",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "ContentTooLarge": {"description": "Body, rows or depth over the limit",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "UnsupportedMediaType": {"description": "A Content-Encoding other than gzip and deflate", "headers": {"Accept-Encoding": {"$ref": "#/components/headers/acceptEncoding"}},
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "UnprocessableContent": {"description": "A number that is not finite in Float32, in the rows or in their results, or an unknown row with \"reject\": \"error\"",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "HeaderFieldsTooLarge": {"description": "Header section over the limit; the connection closes",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "NotImplemented": {"description": "A Transfer-Encoding other than chunked; the connection closes",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "ServiceUnavailable": {"description": "Loading, draining, without a model, with a full queue, or not allowed", "headers": {"Retry-After": {"$ref": "#/components/headers/retryAfter"}},
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        "GatewayTimeout": {"description": "The caller's deadline passed before the rows were computed",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
      },
      "schemas": {
        "Error": {"type": "object", "required": ["error"], "properties": {
          "error": {"type": "string", "minLength": 1, "description": "What, where, expected and found, what to do"},
          "path": {"type": "string"}, "offset": {"type": "integer", "minimum": 0}}},
        "Anything": {},
        "OpenAPI": {"type": "object", "required": ["openapi", "info", "paths"]},
        "Alive": {"type": "object", "required": ["status"], "properties": {"status": {"const": "alive"}}},
        "Ready": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ready"}}},
        "Names": {"type": "object", "required": ["models"], "properties": {"models": {"type": "array", "items": {"type": "string"}}}},
        "ModelList": {"type": "object", "required": ["models"], "properties": {"models": {"type": "array", "items": {
          "type": "object", "required": ["name", "version", "state", "default"], "properties": {
            "name": {"type": "string"}, "version": {"$ref": "#/components/schemas/Version"}, "state": {"enum": ["ready", "failed"]},
            "default": {"type": "boolean"}, "error": {"type": "string"}}}}}},
        "Version": {"type": "string", "pattern": "^[1-9][0-9]*$"},
        "Shape": {"type": "array", "items": {"type": ["integer", "null"]}},
        "Tensor": {"type": "object", "required": ["shape", "dtype"], "properties": {
          "shape": {"$ref": "#/components/schemas/Shape"}, "dtype": {"const": "float32"},
          "name": {"type": "string", "minLength": 1, "description": "Of an input: its name in the Keras file, which requests may use beside x"}}},
        "Model": {"type": "object",
          "required": ["name", "version", "kind", "input", "output", "distances", "labels", "parameters", "preprocessing", "calibration", "training", "file", "layers"],
          "properties": {
            "name": {"type": "string"}, "version": {"$ref": "#/components/schemas/Version"}, "kind": {"enum": ["classifier", "regressor"]},
            "input": {"$ref": "#/components/schemas/Tensor"}, "output": {"$ref": "#/components/schemas/Tensor"},
            "distances": {"$ref": "#/components/schemas/Tensor"},
            "labels": {"type": ["array", "null"], "items": {"type": "string"}}, "parameters": {"type": "integer", "minimum": 0},
            "preprocessing": {"type": "object", "required": ["scale", "offset"], "properties": {"scale": {"type": "number"}, "offset": {"type": "number"}}},
            "calibration": {"type": ["object", "null"], "required": ["method", "false_reject_rate", "rows"], "properties": {
              "method": {"const": "split_conformal"}, "false_reject_rate": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
              "rows": {"type": "integer", "minimum": 0}}},
            "training": {"description": "As the model file says it"},
            "file": {"type": "object", "required": ["name", "bytes", "sha256"], "properties": {
              "name": {"type": "string"}, "bytes": {"type": "integer", "minimum": 1}, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}},
            "layers": {"type": "array", "items": {"type": "object",
              "required": ["name", "type", "input_shape", "output_shape", "activation", "parameters", "formula"], "properties": {
                "name": {"type": "string"}, "type": {"type": "string"}, "input_shape": {"$ref": "#/components/schemas/Shape"},
                "output_shape": {"$ref": "#/components/schemas/Shape"}, "activation": {"type": ["string", "null"]},
                "parameters": {"type": "integer", "minimum": 0}, "formula": {"type": "string"}}}}}},
        "Row": {"type": "array", "minItems": 1, "description": "The model's D inputs: flat, or nested as an image's are, with or without a last dimension of 1",
          "items": {"type": ["number", "array"]}},
        "Numbers": {"type": "array", "items": {"type": "number"}},
        "PredictRequest": {"type": "object", "properties": {
            "instances": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Row"}},
            "instance": {"$ref": "#/components/schemas/Row"},
            "outputs": {"type": "array", "items": {"enum": ["scores", "distances", "contributions", "embedding"]}},
            "top_k": {"type": "integer", "minimum": 1}, "reject": {"enum": ["flag", "error", "off"]},
            "false_reject_rate": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}},
          "oneOf": [{"required": ["instances"]}, {"required": ["instance"]}],
          "description": "/distances looks at the rows alone, but refuses what it would refuse elsewhere"},
        "Neighbour": {"type": "object", "required": ["class", "distance"], "properties": {
          "class": {"type": "integer", "minimum": 0}, "label": {"type": "string"}, "score": {"type": "number"}, "distance": {"type": "number"}}},
        "Prediction": {"type": "object", "description": "Of a classifier the class, of a regressor its outputs; label, margin, known and p_value if the model has them", "properties": {
          "class": {"type": "integer", "minimum": 0}, "label": {"type": "string"}, "score": {"type": "number"},
          "distance": {"type": "number", "description": "Squared, to the nearest prototype"}, "margin": {"type": "number"},
          "known": {"type": "boolean"}, "p_value": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
          "top": {"type": "array", "items": {"$ref": "#/components/schemas/Neighbour"}},
          "scores": {"$ref": "#/components/schemas/Numbers"}, "outputs": {"$ref": "#/components/schemas/Numbers"},
          "distances": {"$ref": "#/components/schemas/Numbers"}, "embedding": {"$ref": "#/components/schemas/Numbers"},
          "contributions": {"$ref": "#/components/schemas/Rows"}},
          "oneOf": [{"required": ["class", "score", "distance"]}, {"required": ["outputs"]}]},
        "PredictResponse": {"type": "object", "required": ["model", "version"], "properties": {
            "model": {"type": "string"}, "version": {"$ref": "#/components/schemas/Version"},
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}},
            "prediction": {"$ref": "#/components/schemas/Prediction"}},
          "oneOf": [{"required": ["predictions"]}, {"required": ["prediction"]}]},
        "DistancesResponse": {"type": "object", "required": ["model", "version", "distances", "nearest"], "properties": {
          "model": {"type": "string"}, "version": {"$ref": "#/components/schemas/Version"},
          "distances": {"anyOf": [{"$ref": "#/components/schemas/Numbers"}, {"$ref": "#/components/schemas/Rows"}]},
          "nearest": {"anyOf": [{"$ref": "#/components/schemas/Neighbour"}, {"type": "array", "items": {"$ref": "#/components/schemas/Neighbour"}}]}}},
        "ServerMetadata": {"type": "object", "required": ["name", "version", "extensions"], "properties": {
          "name": {"const": "radial"}, "version": {"type": "string"}, "extensions": {"type": "array", "items": {"type": "string"}}}},
        "Live": {"type": "object", "required": ["live"], "properties": {"live": {"const": true}}},
        "ServerReady": {"type": "object", "required": ["ready", "live"], "properties": {"ready": {"const": true}, "live": {"const": true}}},
        "ModelReady": {"type": "object", "required": ["name", "ready"], "properties": {"name": {"type": "string"}, "ready": {"const": true}}},
        "TensorMetadata": {"type": "object", "required": ["name", "datatype", "shape"], "properties": {
          "name": {"type": "string"}, "datatype": {"const": "FP32"}, "shape": {"type": "array", "items": {"type": "integer"}}}},
        "ModelMetadata": {"type": "object", "required": ["name", "versions", "platform", "inputs", "outputs"], "properties": {
          "name": {"type": "string"}, "versions": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Version"}},
          "platform": {"const": "radial"}, "inputs": {"type": "array", "items": {"$ref": "#/components/schemas/TensorMetadata"}},
          "outputs": {"type": "array", "items": {"$ref": "#/components/schemas/TensorMetadata"}}}},
        "ModelConfig": {"type": "object",
          "required": ["name", "platform", "backend", "version_policy", "max_batch_size", "input", "output", "instance_group", "dynamic_batching"],
          "properties": {
            "name": {"type": "string"}, "platform": {"const": "radial"}, "backend": {"const": "radial"},
            "version_policy": {"type": "object", "required": ["latest"], "properties": {"latest": {"type": "object", "required": ["num_versions"], "properties": {
              "num_versions": {"type": "integer", "minimum": 1}}}}},
            "max_batch_size": {"type": "integer", "minimum": 1},
            "input": {"type": "array", "items": {"type": "object",
              "required": ["name", "data_type", "format", "dims", "is_shape_tensor", "allow_ragged_batch", "optional"], "properties": {
                "name": {"const": "x"}, "data_type": {"const": "TYPE_FP32"}, "format": {"const": "FORMAT_NONE"}, "dims": {"$ref": "#/components/schemas/Dimensions"},
                "is_shape_tensor": {"const": false}, "allow_ragged_batch": {"const": false}, "optional": {"const": false}}}},
            "output": {"type": "array", "items": {"type": "object", "required": ["name", "data_type", "dims", "label_filename", "is_shape_tensor"], "properties": {
              "name": {"enum": ["scores", "outputs", "distances"]}, "data_type": {"const": "TYPE_FP32"}, "dims": {"$ref": "#/components/schemas/Dimensions"},
              "label_filename": {"const": ""}, "is_shape_tensor": {"const": false}}}},
            "instance_group": {"type": "array", "items": {"type": "object", "required": ["name", "kind", "count"], "properties": {
              "name": {"type": "string"}, "kind": {"const": "KIND_CPU"}, "count": {"type": "integer", "minimum": 1}}}},
            "dynamic_batching": {"type": "object", "required": ["preferred_batch_size", "max_queue_delay_microseconds"], "properties": {
              "preferred_batch_size": {"$ref": "#/components/schemas/Dimensions"}, "max_queue_delay_microseconds": {"const": 0}}}}},
        "Dimensions": {"type": "array", "description": "Without that of the batch", "items": {"type": "integer", "minimum": 1}},
        "Duration": {"type": "object", "required": ["count", "ns"], "properties": {
          "count": {"type": "integer", "minimum": 0}, "ns": {"type": "integer", "minimum": 0}}},
        "Statistics": {"type": "object", "required": ["model_stats"], "properties": {"model_stats": {"type": "array", "items": {
          "type": "object", "required": ["name", "version", "last_inference", "inference_count", "execution_count", "inference_stats", "batch_stats"],
          "properties": {
            "name": {"type": "string"}, "version": {"$ref": "#/components/schemas/Version"},
            "last_inference": {"type": "integer", "minimum": 0, "description": "In milliseconds since the epoch; 0: never"},
            "inference_count": {"type": "integer", "minimum": 0}, "execution_count": {"type": "integer", "minimum": 0},
            "response_stats": {"type": "object"}, "memory_usage": {"type": "array"},
            "batch_stats": {"type": "array", "items": {"type": "object", "required": ["batch_size", "compute_input", "compute_infer", "compute_output"], "properties": {
              "batch_size": {"type": "integer", "minimum": 1}, "compute_input": {"$ref": "#/components/schemas/Duration"},
              "compute_infer": {"$ref": "#/components/schemas/Duration"}, "compute_output": {"$ref": "#/components/schemas/Duration"}}}},
            "inference_stats": {"type": "object",
              "required": ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"],
              "additionalProperties": {"$ref": "#/components/schemas/Duration"}}}}}}},
        "Parameters": {"type": "object", "propertyNames": {"not": {"pattern": "^triton_"}}, "properties": {
            "timeout": {"type": "integer", "minimum": 0, "maximum": 18446744073709551615, "description": "In microseconds"},
            "priority": {"type": "integer", "minimum": 0, "maximum": 18446744073709551615}, "binary_data_output": {"type": "boolean"},
            "sequence_start": {"type": "boolean"}, "sequence_end": {"type": "boolean"}},
          "additionalProperties": {"type": ["string", "number", "boolean"]}},
        "InputName": {"type": "string", "minLength": 1, "description": "x, or what the model's Keras file calls its input"},
        "InferRequest": {"type": "object", "required": ["inputs"], "description": "Numbers may also be the bare tokens NaN, Infinity and -Infinity", "properties": {
          "id": {"type": "string"}, "parameters": {"$ref": "#/components/schemas/Parameters"},
          "inputs": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "object", "required": ["name", "shape", "datatype"], "properties": {
            "name": {"$ref": "#/components/schemas/InputName"}, "shape": {"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 1}},
            "datatype": {"enum": ["FP32", "FP64", "FP16", "BF16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"]},
            "parameters": {"type": "object", "propertyNames": {"not": {"pattern": "^shared_memory_"}}, "properties": {
              "binary_data_size": {"type": "integer", "minimum": 0, "description": "Bytes of the tensor behind the JSON, in place of data"}}},
            "data": {"type": "array", "description": "Flat, or nested in any way; not of FP16 and BF16", "items": {"type": ["number", "array"]}}},
            "oneOf": [{"required": ["data"]}, {"required": ["parameters"], "properties": {"parameters": {"required": ["binary_data_size"]}}}]}},
          "outputs": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
            "name": {"enum": ["scores", "outputs", "distances", "known", "p_value"]},
            "parameters": {"type": "object", "propertyNames": {"not": {"pattern": "^shared_memory_"}}, "properties": {
              "binary_data": {"type": "boolean"}, "classification": {"type": "integer", "minimum": 0}}}}}}}},
        "InferResponse": {"type": "object", "description": "Numbers may be the bare tokens NaN, Infinity and -Infinity", "required": ["model_name", "model_version", "outputs"], "properties": {
          "id": {"type": "string"}, "model_name": {"type": "string"}, "model_version": {"$ref": "#/components/schemas/Version"},
          "outputs": {"type": "array", "items": {"type": "object", "required": ["name", "datatype", "shape"], "properties": {
            "name": {"enum": ["scores", "outputs", "distances", "known", "p_value"]}, "datatype": {"enum": ["FP32", "BOOL", "BYTES"]},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "data": {"type": "array", "items": {"type": ["number", "boolean", "string"]}},
            "parameters": {"type": "object", "required": ["binary_data_size"], "properties": {"binary_data_size": {"type": "integer", "minimum": 0}}}},
            "oneOf": [{"required": ["data"]}, {"required": ["parameters"]}]}}}},
        "IndexRequest": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
        "Index": {"type": "array", "items": {"type": "object", "required": ["name", "version", "state"], "properties": {
          "name": {"type": "string"}, "version": {"$ref": "#/components/schemas/Version"}, "state": {"enum": ["READY", "UNAVAILABLE"]},
          "reason": {"type": "string"}}}},
        "RepositoryRequest": {"type": "object", "properties": {"parameters": {"type": "object", "properties": {
          "unload_dependents": {"type": "boolean"}}}}},
        "ModelStatus": {"type": "object", "required": ["name", "ready", "model_version_status"], "properties": {
          "name": {"type": "string"}, "ready": {"const": true},
          "model_version_status": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["version", "state", "status"], "properties": {
            "version": {"$ref": "#/components/schemas/Version"}, "state": {"const": "AVAILABLE"},
            "status": {"type": "object", "required": ["error_code", "error_message"], "properties": {"error_code": {"const": "OK"}, "error_message": {"const": ""}}}}}}}},
        "SignatureMetadata": {"type": "object", "required": ["model_spec", "metadata"], "properties": {
          "model_spec": {"type": "object", "required": ["name", "signature_name", "version"], "properties": {
            "name": {"type": "string"}, "signature_name": {"const": ""}, "version": {"$ref": "#/components/schemas/Version"}}},
          "metadata": {"type": "object", "required": ["signature_def"], "properties": {
            "signature_def": {"type": "object", "required": ["signature_def"], "properties": {
              "signature_def": {"type": "object", "required": ["serving_default", "distances", "all"], "additionalProperties": {"$ref": "#/components/schemas/Signature"}}}}}}}},
        "Signature": {"type": "object", "required": ["inputs", "outputs", "method_name"], "properties": {
          "inputs": {"type": "object", "required": ["x"], "additionalProperties": {"$ref": "#/components/schemas/SignatureTensor"}},
          "outputs": {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/components/schemas/SignatureTensor"}},
          "method_name": {"const": "tensorflow/serving/predict"}, "defaults": {"type": "object"}}},
        "SignatureTensor": {"type": "object", "required": ["dtype", "tensor_shape", "name"], "properties": {
          "dtype": {"const": "DT_FLOAT"}, "name": {"type": "string"},
          "tensor_shape": {"type": "object", "required": ["dim", "unknown_rank"], "properties": {
            "dim": {"type": "array", "items": {"type": "object", "required": ["size", "name"], "properties": {
              "size": {"type": "string", "pattern": "^(-1|[1-9][0-9]*)$"}, "name": {"type": "string"}}}},
            "unknown_rank": {"const": false}}}}},
        "ServingRow": {"anyOf": [{"$ref": "#/components/schemas/Row"},
          {"$ref": "#/components/schemas/NamedRow"}]},
        "NamedRow": {"type": "object", "description": "The row by its InputName", "minProperties": 1, "maxProperties": 1,
          "propertyNames": {"$ref": "#/components/schemas/InputName"}, "additionalProperties": {"$ref": "#/components/schemas/Row"}},
        "ServingPredictRequest": {"type": "object", "description": "Numbers may also be the bare tokens NaN, Infinity and -Infinity", "properties": {
            "signature_name": {"enum": ["serving_default", "distances", "all", ""]},
            "instances": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/ServingRow"}},
            "inputs": {"anyOf": [{"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Row"}},
              {"type": "object", "description": "Rows by their InputName; other members are ignored", "minProperties": 1}]}},
          "oneOf": [{"required": ["instances"]}, {"required": ["inputs"]}]},
        "ServingPredictResponse": {"type": "object", "description": "Of a signature with one output its values, of others an object of outputs; numbers may be the bare tokens NaN, Infinity and -Infinity", "properties": {
            "predictions": {"type": "array", "items": {"anyOf": [{"$ref": "#/components/schemas/Numbers"},
              {"type": "object", "minProperties": 2, "additionalProperties": {"$ref": "#/components/schemas/Numbers"}}]}},
            "outputs": {"anyOf": [{"$ref": "#/components/schemas/Rows"},
              {"type": "object", "minProperties": 2, "additionalProperties": {"$ref": "#/components/schemas/Rows"}}]}},
          "oneOf": [{"required": ["predictions"]}, {"required": ["outputs"]}]},
        "Rows": {"type": "array", "items": {"$ref": "#/components/schemas/Numbers"}},
        "ClassifyRequest": {"type": "object", "required": ["examples"], "properties": {
          "signature_name": {"enum": ["serving_default", ""]},
          "examples": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/NamedRow"}}}},
        "ClassifyResponse": {"type": "object", "description": "Each class as its label and its score, which may be the bare token NaN, Infinity or -Infinity", "required": ["results"], "properties": {"results": {"type": "array", "items": {
          "type": "array", "items": {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 2, "maxItems": 2}}}}}
      }
    }
    """#
}
