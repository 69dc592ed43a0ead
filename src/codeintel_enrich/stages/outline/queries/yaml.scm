;; grammar = "tree_sitter_yaml"
;; suffixes = [".yaml", ".yml"]
;; definitions = { block_mapping_pair = "key", flow_pair = "key" }

(block_mapping_pair
  key: (flow_node [(plain_scalar) (double_quote_scalar) (single_quote_scalar)] @name)) @definition.key

(flow_pair
  key: (flow_node [(plain_scalar) (double_quote_scalar) (single_quote_scalar)] @name)) @definition.key
