// One import serves: what the façade's own API is made of comes with it.
@_exported public import DecantBundle
@_exported public import DecantBytes
@_exported public import DecantCompression
@_exported public import DecantForms
@_exported public import DecantIR
@_exported public import DecantPasses
@_exported public import DecantRuntime
