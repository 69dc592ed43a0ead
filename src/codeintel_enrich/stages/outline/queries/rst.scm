;; grammar = "tree_sitter_rst"
;; suffixes = [".rst"]
;; definitions = { section = "heading" }

(section (title) @name) @section.heading

(directive
  name: (type) @type
  body: (body (arguments) @name)
  (#match? @type "^(py:)?(module|class|exception|function|method|attribute|data|decorator)$")) @definition.object
