// The C structures and descriptor tables that protoc-c generates from Schemas/*.proto, and the way to the tables.
#ifndef DECANT_CSCHEMAS_H
#define DECANT_CSCHEMAS_H

#include <protobuf-c/protobuf-c.h>

#include "bundle.pb-c.h"
#include "onnx.pb-c.h"
#include "onnx_data.pb-c.h"

// A constant that C exports has no address in Swift, so each root table has a function; those of the messages inside
// are reached through the fields.
const ProtobufCMessageDescriptor *decant_schema_bundle_manifest(void);
const ProtobufCMessageDescriptor *decant_schema_onnx_model(void);
const ProtobufCMessageDescriptor *decant_schema_onnx_tensor(void);
const ProtobufCMessageDescriptor *decant_schema_onnx_map(void);
const ProtobufCMessageDescriptor *decant_schema_onnx_sequence(void);
const ProtobufCMessageDescriptor *decant_schema_onnx_optional(void);

#endif
