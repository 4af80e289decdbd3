package configs

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// survey walks the whole tree: it remembers where everything is, and reports what no config may hold anywhere.
func (d *decoder) survey(node ast.Node, path string) {
	switch n := node.(type) {
	case *ast.SequenceNode:
		for i, item := range n.Values {
			at := fmt.Sprintf("%s[%d]", path, i)
			if item == nil {
				continue
			}
			d.places[at] = place{value: item}
			d.survey(item, at)
		}
	case *ast.MappingNode, *ast.MappingValueNode:
		entries, _ := mapping(node)
		lines := map[string]int{}
		for _, e := range entries {
			d.surveyEntry(e, path, lines)
		}
	case *ast.AnchorNode:
		d.reportNode(node, path, "a value that begins with & must be in quotes; YAML anchors are not supported")
	case *ast.AliasNode:
		d.reportNode(node, path, "a value that begins with * must be in quotes; YAML aliases are not supported")
	case *ast.TagNode:
		d.reportNode(node, path, "a value that begins with ! must be in quotes; YAML tags are not supported")
	default:
		if text, ok := scalar(node); ok {
			d.surveyScalar(node, path, text)
		}
	}
}

// surveyEntry surveys one entry of the block at path; lines has the keys of the block so far.
func (d *decoder) surveyEntry(e *ast.MappingValueNode, path string, lines map[string]int) {
	tk := e.Key.GetToken()
	at := join(path, tk.Value)
	if _, ok := scalar(e.Key); !ok {
		d.reportAt(tk.Position.Line, tk.Position.Column, at, "a key must be plain text")
		return
	}
	if line, ok := lines[tk.Value]; ok {
		d.reportAt(tk.Position.Line, tk.Position.Column, at,
			fmt.Sprintf("this key is already in line %d; keep one of the two", line))
		return
	}
	lines[tk.Value] = tk.Position.Line
	d.places[at] = place{key: tk, value: e.Value}
	d.survey(e.Value, at)
}

func (d *decoder) surveyScalar(node ast.Node, path, text string) {
	if isSecret(path) {
		d.secrets = append(d.secrets, text)
		return
	}
	switch {
	case !strings.Contains(text, "${"):
	case path == "target.token_env":
		d.reportNode(node, path, "write only the name of the variable, without ${ and }")
	default:
		d.reportNode(node, path, "${NAME} is replaced only in "+strings.Join(secretKeys, ", ")+"; write the value itself here")
	}
}
