;; grammar = "tree_sitter_json"
;; suffixes = [".json"]
;; definitions = { pair = "key" }

(pair key: (_) @name) @definition.key
