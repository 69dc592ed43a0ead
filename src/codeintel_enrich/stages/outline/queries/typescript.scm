;; grammar = "tree_sitter_typescript"
;; function = "language_typescript"
;; suffixes = [".ts", ".mts", ".cts"]
;; inherits = "javascript"
;;
;; [definitions]
;; class_declaration = "class"
;; interface_declaration = "interface"
;; function_declaration = "function"
;; method_definition = "method"

(abstract_class_declaration name: (_) @name) @definition.class

(interface_declaration name: (_) @name) @definition.interface

(type_alias_declaration name: (_) @name) @definition.type

(enum_declaration name: (_) @name) @definition.enum

(internal_module name: (_) @name) @definition.namespace

(module name: (_) @name) @definition.namespace

(function_signature name: (_) @name) @definition.function

(method_signature name: (_) @name) @definition.method

(abstract_method_signature name: (_) @name) @definition.method
