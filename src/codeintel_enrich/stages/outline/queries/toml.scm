;; grammar = "tree_sitter_toml"
;; suffixes = [".toml"]
;; names = ["pipfile"]
;; definitions = { table = "table", table_array_element = "table", pair = "key" }

(table . [(bare_key) (quoted_key) (dotted_key)] @name) @definition.table

(table_array_element . [(bare_key) (quoted_key) (dotted_key)] @name) @definition.table

(pair . [(bare_key) (quoted_key) (dotted_key)] @name) @definition.key
