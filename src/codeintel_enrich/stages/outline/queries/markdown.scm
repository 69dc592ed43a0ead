;; grammar = "tree_sitter_markdown"
;; suffixes = [".md", ".markdown"]
;; definitions = { atx_heading = "heading", setext_heading = "heading" }

(atx_heading (atx_h1_marker) heading_content: (_) @name) @section.heading.1
(atx_heading (atx_h2_marker) heading_content: (_) @name) @section.heading.2
(atx_heading (atx_h3_marker) heading_content: (_) @name) @section.heading.3
(atx_heading (atx_h4_marker) heading_content: (_) @name) @section.heading.4
(atx_heading (atx_h5_marker) heading_content: (_) @name) @section.heading.5
(atx_heading (atx_h6_marker) heading_content: (_) @name) @section.heading.6

(setext_heading heading_content: (_) @name (setext_h1_underline)) @section.heading.1
(setext_heading heading_content: (_) @name (setext_h2_underline)) @section.heading.2
