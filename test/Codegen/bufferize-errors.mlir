// RUN: tds-opt --tds-bufferize --split-input-file --verify-diagnostics %s

// expected-error @+1 {{'tensor<?xf32>' in an entry point, expected a tensor of static shape}}
func.func @open(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
