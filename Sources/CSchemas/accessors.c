#include "CSchemas.h"

const ProtobufCMessageDescriptor *decant_schema_bundle_manifest(void) { return &decant__bundle__manifest__descriptor; }
const ProtobufCMessageDescriptor *decant_schema_onnx_model(void) { return &onnx__model_proto__descriptor; }
const ProtobufCMessageDescriptor *decant_schema_onnx_tensor(void) { return &onnx__tensor_proto__descriptor; }
const ProtobufCMessageDescriptor *decant_schema_onnx_map(void) { return &onnx__map_proto__descriptor; }
const ProtobufCMessageDescriptor *decant_schema_onnx_sequence(void) { return &onnx__sequence_proto__descriptor; }
const ProtobufCMessageDescriptor *decant_schema_onnx_optional(void) { return &onnx__optional_proto__descriptor; }
