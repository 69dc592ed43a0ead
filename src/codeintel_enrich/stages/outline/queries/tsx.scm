;; grammar = "tree_sitter_typescript"
;; function = "language_tsx"
;; suffixes = [".tsx"]
;; inherits = "typescript"
;;
;; [definitions]
;; class_declaration = "class"
;; interface_declaration = "interface"
;; function_declaration = "function"
;; method_definition = "method"
